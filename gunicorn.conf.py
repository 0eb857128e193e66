"""How the web process runs, in every mode.

``preload_app`` stays off. With the one worker of embedded mode a preloaded master would
hold a second copy of everything imported (``docs/operations.md`` has the figures), and
threads or connections opened before the fork would be dead in the worker.
"""

import importlib
import os
from typing import Any

bind = os.environ.get("GONGKAI_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("GONGKAI_THREADS", "8"))
preload_app = False
timeout = 120
graceful_timeout = 10
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Start the job thread; it does nothing unless jobs run in this process."""
    importlib.import_module("tasks.embedded").start()


def worker_exit(server: Any, worker: Any) -> None:
    """Let the job thread finish what it holds."""
    importlib.import_module("tasks.embedded").stop()
