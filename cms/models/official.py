from django.db import models
from django.utils.translation import gettext_lazy as _


class OfficialRow(models.Model):
    """A row that may come from an official list, with local settings beside it.

    Columns of an official row are read-only and replaced by the next version of the
    list; ``enabled`` and ``local_note`` are the authority's own and are kept.
    """

    official = models.BooleanField(_("官方"), default=False, editable=False)
    source = models.CharField(_("来源"), max_length=120, blank=True, editable=False)
    version = models.CharField(_("版本"), max_length=20, blank=True, editable=False)
    enabled = models.BooleanField(_("本机关适用"), default=True)
    local_note = models.CharField(_("本地说明"), max_length=300, blank=True)

    class Meta:
        abstract = True
