"""How the web process runs, in every mode.

``preload_app`` stays off. With the one worker of embedded mode a preloaded master would
hold a second copy of everything imported (``docs/operations.md`` has the figures), and
threads or connections opened before the fork would be dead in the worker.
"""

import importlib
import os
import re
from typing import Any

from gunicorn.http import message

# People and scripts write Chinese into addresses (``curl '…/search?q=低保'``), and curl
# sends it as it stands. gunicorn refuses every byte outside ASCII with a bare 400; we
# let UTF-8 through to Django, which decodes it, and still refuse blanks and controls.
message.RFC9112_TARGET_INVALID = re.compile(r"[\x00-\x20\x7f]")

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
