from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    name = "cms"
    label = "gongkai_cms"
    verbose_name = _("公开系统")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cms import duty_receivers  # noqa: F401
        from cms.audit import receivers
        from cms.desk_labels import name_fields
        from cms.names import put_family_name_first
        from cms.new_round import replace_resume

        name_fields()
        put_family_name_first()
        receivers.connect()
        replace_resume()
