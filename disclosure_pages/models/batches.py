import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportBatch(models.Model):
    """One bulk load (批量导入): who vouched for it, how far it got, what it made."""

    class State(models.TextChoices):
        CHECKED = "checked", _("已检查，待导入")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        UNDONE = "undone", _("已撤销")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("导入人"),
    )
    file = models.FileField(upload_to="imports/%Y/%m/", blank=True, editable=False)
    report = models.JSONField(_("检查结果"), default=dict, blank=True)
    file_name = models.CharField(_("文件名"), max_length=200)
    file_sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    source = models.CharField(_("来源"), max_length=80, blank=True)
    publish = models.BooleanField(_("导入即公开"), default=False)
    reviewed_by = models.CharField(_("审查说明"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    rows = models.PositiveIntegerField(_("行数"), default=0)
    created = models.PositiveIntegerField(_("新建"), default=0)
    updated = models.PositiveIntegerField(_("更新"), default=0)
    skipped = models.PositiveIntegerField(_("跳过"), default=0)
    started_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.file_name} {self.uuid}"
