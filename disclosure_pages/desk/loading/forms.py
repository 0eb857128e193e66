from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from disclosure_pages.desk.loading.package import MAX_UPLOAD, refuse_by_name
from disclosure_pages.models import OfficeIndexPage


class LoadForm(forms.Form):
    """The file, and the office of rows that name none."""

    file = forms.FileField(
        label=_("填好的表格"),
        help_text=_(
            "xlsx、csv 或 jsonl；有附件的，把表格和附件一起打成 zip。最大 100 MB。"
        ),
    )
    office = forms.ChoiceField(
        label=_("没有写责任科室的行归"),
        help_text=_("表里写了责任科室的，以表里的为准。"),
    )

    def __init__(
        self, *args: Any, offices: list[OfficeIndexPage], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["office"]
        field.choices = [(page.office.code, page.office.name) for page in offices]
        if len(offices) == 1:
            field.initial = offices[0].office.code
            field.widget = forms.HiddenInput()

    def clean_file(self) -> UploadedFile:
        """Refuse by name and size; what is inside is looked at afterwards."""
        file: UploadedFile = self.cleaned_data["file"]
        if reason := refuse_by_name(file.name or ""):
            raise forms.ValidationError(reason)
        if (file.size or 0) > MAX_UPLOAD:
            raise forms.ValidationError(
                _("文件超过 100 MB。请分成几个，或把大附件另外上传。")
            )
        return file
