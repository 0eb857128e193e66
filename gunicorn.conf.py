"""How the web process runs, in every mode.

``preload_app`` stays off. With the one worker of embedded mode a preloaded master would
hold a second copy of everything imported (``docs/operations.md`` has the figures), and
threads or connections opened before the fork would be dead in the worker.

Under ``./run`` a Ctrl-C reaches the whole process group; the shell answers it with
TERM. gunicorn's own answer to INT can livelock (the master repeats QUIT every 0.1 s,
and the worker's handler sleeps as long), so a process that was started with INT
ignored, as every background job of a shell is, goes on ignoring it.
"""

import importlib
import os
import re
import signal
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
_background = signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def when_ready(server: Any) -> None:
    """Leave Ctrl-C to the shell that started us in the background."""
    if _background:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def post_worker_init(worker: Any) -> None:
    """Leave Ctrl-C to the shell here, too; start the job threads of this process."""
    when_ready(worker)
    importlib.import_module("tasks.embedded").start()


def worker_exit(server: Any, worker: Any) -> None:
    """Let the job thread finish what it holds."""
    importlib.import_module("tasks.embedded").stop()
