import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_SEARCH = 2000  # characters of the address of a search


class SavedSearch(models.Model):
    """A search whose new hits a citizen wants mailed (有新结果时发邮件给我).

    Nothing else of the citizen is kept; the row goes when nobody confirms, and at once
    when he stops it. The address stands nowhere but in letters: not on the desk, not
    in logs.

    ``search`` is the canonical query string of the results page. ``cursor`` is the last
    appearance whose time to be found is over, ``last_on`` the last day that was looked
    after; before ``not_before`` nobody touches the row (it is being worked at, or a
    refusal is too fresh).
    """

    class State(models.TextChoices):
        """Whether the owner of the mailbox said yes."""

        PENDING = "pending", _("等待确认")
        CONFIRMED = "confirmed", _("已确认")

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    search = models.CharField(_("搜索"), max_length=MAX_SEARCH)
    mail = models.EmailField(_("电子邮箱"))
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.PENDING
    )
    asked_at = models.DateTimeField(_("提出时间"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    answer_due = models.BooleanField(default=True)
    cursor = models.BigIntegerField(default=0)
    last_on = models.DateField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    refusals = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("订阅搜索")
        verbose_name_plural = _("订阅搜索")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["mail", "search"], name="saved_search_unique"
            )
        ]
        indexes = [
            models.Index(fields=["state", "last_on"], name="saved_search_state"),
            models.Index(
                fields=["not_before"],
                condition=models.Q(answer_due=True),
                name="saved_search_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class SentHit(models.Model):
    """What a letter told already; ``number`` is `documents.number_of` its key."""

    saved = models.ForeignKey(
        SavedSearch, on_delete=models.CASCADE, related_name="sent"
    )
    number = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["saved", "number"], name="sent_hit_unique")
        ]

    def __str__(self) -> str:
        return f"{self.saved_id} {self.number}"


class Appearance(models.Model):
    """Since when something is public without a break: the primary key counts on.

    A date of publication can be any day and is no order in which things come; this is.
    """

    key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk} {self.key}"
