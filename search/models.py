"""What ranking knows beside the index."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.folding import fold_text

from .asked_models import OpenedHit, QuestionDay, SearchQuestion, VisitorSalt
from .bet_models import BestBet
from .saved.models import Appearance, SavedSearch, SentHit
from .word_models import IS_WORD, UserWord

__all__ = [
    "Appearance",
    "BestBet",
    "CitationCount",
    "OpenedHit",
    "QuestionDay",
    "SavedSearch",
    "SearchJudgement",
    "SearchQuestion",
    "SearchTerm",
    "SentHit",
    "Synonym",
    "UserWord",
    "VisitorSalt",
]

SEPARATORS = re.compile(r"[、,，;；\s]+")


class CitationCount(models.Model):
    """By how many documents of others a work, or one document, is named.

    ``subject`` is a number of `documents.number_of`: of a work's name or a key.
    Counted anew every night; nothing here tells who looked for what.
    """

    class Kind(models.TextChoices):
        """What is named."""

        WORK = "work", _("文件")
        DOCUMENT = "document", _("条文")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("被引用次数")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], name="citation_count_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.count}"


class SearchTerm(models.Model):
    """A word of this site, for "did you mean"; learned anew once a day.

    ``weight``: in how many public titles it stands.
    """

    text = models.CharField(max_length=8, unique=True)
    sound = models.CharField(max_length=60, db_index=True)
    weight = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("本站用词")

    def __str__(self) -> str:
        return self.text


class Synonym(models.Model):
    """Words that mean the same (同义词): who types one finds the others too."""

    words = models.CharField(
        _("意思相同的词"),
        max_length=200,
        help_text=_("用顿号分开，例：低保、最低生活保障。十分钟内起作用。"),
    )
    enabled = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("同义词")
        verbose_name_plural = _("同义词")
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words

    @property
    def names(self) -> tuple[str, ...]:
        """The words, folded."""
        parts = SEPARATORS.split(fold_text(self.words))
        return tuple(dict.fromkeys(filter(None, parts)))

    def clean(self) -> None:
        """Refuse what would be no words, or a word that stands in another row."""
        names = self.names
        if wrong := next((n for n in names if not IS_WORD.fullmatch(n)), ""):
            reason = _("“%(word)s”不是 2 到 12 字的词。")
            raise ValidationError({"words": reason % {"word": wrong[:20]}})
        if len(names) < 2:  # noqa: PLR2004
            raise ValidationError({"words": _("至少写两个词，用顿号分开。")})
        for row in type(self).objects.exclude(pk=self.pk):
            if taken := set(names) & set(row.names):
                reason = _("“%(word)s”已在另一行：%(words)s。请写到那一行里。")
                named = {"word": min(taken), "words": row.words}
                raise ValidationError({"words": reason % named})

    @classmethod
    def others(cls) -> dict[str, tuple[str, ...]]:
        """Return word → the others of its row, of all that are enabled."""
        found: dict[str, tuple[str, ...]] = {}
        for row in cls.objects.filter(enabled=True):
            for name in row.names:
                found[name] = tuple(other for other in row.names if other != name)
        return found


class SearchJudgement(models.Model):
    """That a document answers a question: what ranking may learn from.

    ``question`` is folded and trimmed. ``opened``: visitors opened it from the results,
    ``weight`` times; kept only of questions whose words are kept
    (`search.log_writing`). ``staff``: somebody of the desk said so; ``weight`` is 1.
    """

    class Source(models.TextChoices):
        """Who judged."""

        OPENED = "opened", _("打开过")
        STAFF = "staff", _("工作人员")

    question = models.CharField(_("问题"), max_length=200)
    key = models.CharField(_("文件"), max_length=80)
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices)
    weight = models.FloatField(_("分量"), default=1.0)
    updated = models.DateTimeField(_("更新于"), auto_now=True)

    class Meta:
        verbose_name = _("检索评判")
        verbose_name_plural = _("检索评判")
        constraints = [
            models.UniqueConstraint(
                fields=["question", "key", "source"], name="search_judgement_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question} → {self.key} ({self.source})"


class LearnedRanking(models.Model):
    """What ranking learned from judgements, with the figures it was judged by.

    ``content`` are `learning.memory.Memory` and weights; ``pipeline`` is the version of
    the tokens in it. Nothing is used before it is ``active``; at most one row is.
    """

    made_at = models.DateTimeField(_("学习时间"), auto_now_add=True)
    pipeline = models.PositiveIntegerField(_("分词版本"))
    questions = models.PositiveIntegerField(_("问题数"))
    figures = models.JSONField(_("指标"))
    content = models.JSONField(_("内容"))
    active = models.BooleanField(_("使用中"), default=False)

    class Meta:
        verbose_name = _("学到的排序")
        verbose_name_plural = _("学到的排序")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"],
                condition=models.Q(active=True),
                name="learned_ranking_one_active",
            )
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} ({self.questions})"
