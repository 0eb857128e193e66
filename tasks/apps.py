from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    label = "gongkai_tasks"
    verbose_name = _("后台任务")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tasks import receivers, rules, withdrawn_list  # noqa: F401
        from tasks.template.official import load_official

        withdrawn_list.connect()
        post_migrate.connect(
            load_official, sender=self, dispatch_uid="gongkai_official_template"
        )
