"""Words that the office teaches the segmenter."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.folding import fold_text

from .recognise import HAN

IS_WORD = re.compile(f"[{HAN}0-9a-z]{{2,12}}")


class UserWord(models.Model):
    """A word of this place that a general dictionary does not know (检索用词).

    ``applied``: an index was ordered anew since; until then only pairs of characters
    find the word in what was indexed before.
    """

    text = models.CharField(
        _("词"),
        max_length=12,
        unique=True,
        help_text=_(
            "一行一个词，例：一事一议。村名、科室名和目录用词本来就认得，不用写。"
            "十分钟后起作用，并自动重建索引。"
        ),
    )
    applied = models.BooleanField(_("已重建索引"), default=False, editable=False)
    changed_at = models.DateTimeField(_("修改时间"), auto_now=True)

    class Meta:
        verbose_name = _("检索用词")
        verbose_name_plural = _("检索用词")
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Refuse what would be no word."""
        if not IS_WORD.fullmatch(fold_text(self.text or "").strip()):
            raise ValidationError({"text": _("写 2 到 12 个字，中间不要空格和标点。")})

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep it as it is looked for: folded."""
        self.text = fold_text(self.text).strip()
        if self.pk and type(self).objects.filter(pk=self.pk).exclude(text=self.text):
            self.applied = False
        super().save(*args, **kwargs)
