"""A step that begins opens its duty: who does it until when."""

from typing import Any

from django.dispatch import receiver
from wagtail.models import TaskState
from wagtail.signals import task_submitted

from cms.services.duties import open_duty


@receiver(task_submitted, dispatch_uid="gongkai_open_duty")
def open_duty_of_step(instance: TaskState, **kwargs: Any) -> None:
    """Open the duty in the transaction in which the step begins."""
    open_duty(instance)
