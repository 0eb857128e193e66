import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision, TaskState

from cms.models.official import OfficialRow


class SecrecyOpinion(models.TextChoices):
    """What the secrecy reviewer found."""

    OPEN = "open", _("可以公开")
    NOT_OPEN = "not_open", _("不予公开")


def new_code() -> str:
    """Return a code for a row that the authority adds itself."""
    return f"own-{uuid.uuid4().hex[:12]}"


class ReviewWords(OfficialRow):
    """Words that reviewers choose from: shipped ones and the authority's own."""

    code = models.SlugField(
        _("代码"), max_length=40, unique=True, default=new_code, editable=False
    )
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        abstract = True
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.text


class SecrecyQuestion(ReviewWords):
    """One line of the secrecy review (保密审查表) that is confirmed by itself."""

    text = models.CharField(_("检查项目"), max_length=120)
    legal_ground = models.CharField(_("依据"), max_length=120, blank=True)

    class Meta(ReviewWords.Meta):
        verbose_name = _("保密审查项目")
        verbose_name_plural = _("保密审查项目")


class LegalGround(ReviewWords):
    """A ground on which something is not disclosed, as the record names it."""

    text = models.CharField(_("法律依据"), max_length=200)

    class Meta(ReviewWords.Meta):
        verbose_name = _("不予公开的依据")
        verbose_name_plural = _("不予公开的依据")


class CannedReason(ReviewWords):
    """A reason for sending back that is ticked instead of typed."""

    text = models.CharField(_("退回原因"), max_length=120)

    class Meta(ReviewWords.Meta):
        verbose_name = _("常用退回原因")
        verbose_name_plural = _("常用退回原因")


class SecrecyReview(models.Model):
    """The secrecy review of one revision (保密审查表): who, what, why, which files.

    ``content_sha256`` is of the revision's content, ``files`` names every file and
    picture that was looked at as ``{name, file, bytes, sha256}``; publication compares
    both with what is there. ``questions`` keeps what was asked, in the words of then,
    as ``{code, text, legal_ground}``, ``answers`` the answer to each code.
    """

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="secrecy_reviews"
    )
    task_state = models.OneToOneField(
        TaskState, on_delete=models.PROTECT, related_name="secrecy_review"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("审查人"),
    )
    reviewer_name = models.CharField(_("审查人姓名"), max_length=150)
    acted_for_name = models.CharField(_("代谁审查"), max_length=150, blank=True)
    opinion = models.CharField(
        _("审查意见"), max_length=20, choices=SecrecyOpinion.choices
    )
    questions = models.JSONField(_("检查项目"), default=list)
    answers = models.JSONField(_("逐项检查"), default=dict)
    legal_ground = models.CharField(_("法律依据"), max_length=200, blank=True)
    note = models.TextField(_("说明"), blank=True)
    content_sha256 = models.CharField(_("内容校验值"), max_length=64, blank=True)
    files = models.JSONField(_("附件"), default=list)
    reviewed_at = models.DateTimeField(_("审查时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("保密审查记录")
        verbose_name_plural = _("保密审查记录")
        ordering = ["-reviewed_at"]

    def __str__(self) -> str:
        return f"{self.reviewer_name} {self.get_opinion_display()}"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The questions with their answers, in the order in which they were asked."""
        return [
            row | {"answer": self.answers.get(row["code"], False)}
            for row in self.questions
        ]

    @property
    def file_hashes(self) -> list[str]:
        """The SHA-256 of every file that was looked at, in order."""
        return [file["sha256"] for file in self.files]
