from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisclosurePagesConfig(AppConfig):
    name = "disclosure_pages"
    label = "disclosure_pages"
    verbose_name = _("信息公开")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from disclosure_pages import (  # noqa: F401
            contexts,
            contexts_catalogue,
            contexts_dossiers,
            contexts_guide,
            contexts_pages,
            contexts_points,
            file_receivers,
            guide_receivers,
            receivers,
        )
        from disclosure_pages.rules import receivers as rule_receivers  # noqa: F401
