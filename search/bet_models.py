"""推荐结果: what the office shows above the hits of certain words."""

import re
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Site

from cms.folding import fold_text

BETWEEN_WORDS = re.compile(r"[、,，;；\n]+")
SHORTEST, LONGEST = 2, 40
# Not for readers, or answered only while something else allows it.
NO_PATHS = re.compile(r"/(admin|api|documents|media|portal|opinion|_util)(/|$)")
OWN_PATH = re.compile(r"/(?![/\\])[^\s\\<>\"'`\x00-\x1f\u202a-\u202e\u2066-\u2069]*")


def url_path_of(path: str) -> str:
    """Return ``Page.url_path`` of the page that an address of this site would be."""
    roots = Site.get_site_root_paths()
    plain = unquote(urlsplit(path).path)
    return f"{roots[0].root_path.rstrip('/') if roots else ''}{plain.rstrip('/')}/"


class BestBet(models.Model):
    """A box above the hits, for certain words and, if wanted, for some days.

    ``request``: what is given only to who asks for it; the box leads to the form.
    The address of a page becomes the page itself, and goes where that goes.
    """

    class Kind(models.TextChoices):
        """Where the box leads."""

        PAGE = "page", _("本站的一个页面")
        REQUEST = "request", _("依申请公开")

    class Match(models.TextChoices):
        """When a question counts as one of the words."""

        EXACT = "exact", _("问的就是这个词")
        CONTAINED = "contained", _("问题里有这个词")

    words = models.CharField(
        _("读者会搜的词"),
        max_length=300,
        help_text=_("用顿号分开，例：个人档案、档案查询。"),
    )
    match = models.CharField(
        _("什么时候显示"),
        max_length=10,
        choices=Match.choices,
        default=Match.CONTAINED,
    )
    kind = models.CharField(
        _("指向"), max_length=10, choices=Kind.choices, default=Kind.PAGE
    )
    page = models.ForeignKey(
        "wagtailcore.Page",
        verbose_name=_("页面"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    path = models.CharField(
        _("或者写地址"),
        max_length=300,
        blank=True,
        help_text=_("本站的地址，从 / 开始，例：/guide/。选了页面就不用写。"),
    )
    title = models.CharField(
        _("标题"),
        max_length=60,
        blank=True,
        help_text=_("选了页面的可以不写，显示页面的标题。"),
    )
    text = models.CharField(
        _("一句话说明"),
        max_length=120,
        blank=True,
        help_text=_("例：先备好身份证和户口本，周一到周五在便民服务中心办。"),
    )
    starts_on = models.DateField(_("从哪天起"), null=True, blank=True)
    ends_on = models.DateField(_("到哪天止"), null=True, blank=True)
    enabled = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("推荐结果")
        verbose_name_plural = _("推荐结果")
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words

    @property
    def names(self) -> tuple[str, ...]:
        """The words, folded, with single blanks."""
        parts = (
            " ".join(p.split()) for p in BETWEEN_WORDS.split(fold_text(self.words))
        )
        return tuple(dict.fromkeys(filter(None, parts)))

    def clean(self) -> None:
        """Refuse words that say nothing, and a box that leads nowhere or elsewhere."""
        reasons = dict(self._wrong_words() | self._wrong_target())
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            reasons["ends_on"] = _("这一天在开始之前。")
        if reasons:
            raise ValidationError(reasons)
        if self.path and not {"?", "#"} & set(self.path):
            page = Page.objects.filter(url_path=url_path_of(self.path)).first()
            if page is not None:
                self.page, self.path = page, ""

    def _wrong_words(self) -> dict[str, Any]:
        wrong = [n for n in self.names if not SHORTEST <= len(n) <= LONGEST]
        if wrong:
            reason = _("“%(word)s”不是 2 到 40 字的词。") % {"word": wrong[0][:50]}
            return {"words": reason}
        return {} if self.names else {"words": _("至少写一个词。")}

    def _wrong_target(self) -> dict[str, Any]:
        if self.kind == self.Kind.REQUEST:
            if self.page_id or self.path:
                return {"kind": _("指向依申请公开的，不用再选页面或写地址。")}
            return {}
        if bool(self.page_id) == bool(self.path):
            return {"page": _("请选一个页面，或者写一个地址，两样只要一样。")}
        if not self.path:
            return {}
        if not OWN_PATH.fullmatch(self.path) or NO_PATHS.match(self.path):
            return {"path": _("只能写本站给读者看的地址，从 / 开始。")}
        return {} if self.title else {"title": _("写了地址的，请写标题。")}

    def holds_on(self, day: date) -> bool:
        """Whether the box is shown on this day."""
        begun = self.starts_on is None or self.starts_on <= day
        return begun and (self.ends_on is None or day <= self.ends_on)

    def answers(self, question: str) -> bool:
        """Whether a folded question is, or has in it, one of the words."""
        if self.match == self.Match.EXACT:
            return question.rstrip("?。!") in self.names
        return any(name in question for name in self.names)
