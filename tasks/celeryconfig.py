"""Celery settings that survive killed workers and a broker that comes and goes."""

from django.conf import settings

from .schedule import beat_schedule as _beat_schedule

broker_url = settings.CELERY_BROKER_URL
broker_connection_retry = True
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_transport_options = {
    # Longer than any task may run; a killed worker's messages come back after it.
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_max_tasks_per_child = 1000
task_ignore_result = True
task_publish_retry = False
task_serializer = "json"
accept_content = ["json"]
task_soft_time_limit = 240
task_time_limit = 300
worker_cancel_long_running_tasks_on_connection_loss = False
worker_hijack_root_logger = False
timezone = settings.TIME_ZONE
enable_utc = True
beat_schedule = _beat_schedule()
beat_schedule_filename = str(settings.GONGKAI_HOME / "celerybeat-schedule")
