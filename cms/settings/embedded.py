"""One process, no services: SQLite, the local index and a thread for the jobs.

Secrets are made at first start and kept in ``$GONGKAI_HOME/secrets.env`` (0600).
"""

from cms.secrets import embedded_secrets
from cms.settings.base import *  # noqa: F403
from cms.settings.base import GONGKAI_HOME, env

_secrets = embedded_secrets(GONGKAI_HOME)
SECRET_KEY = env("SECRET_KEY", default=_secrets["SECRET_KEY"])
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
GONGKAI_EMBEDDED_JOBS = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": GONGKAI_HOME / "gongkai.sqlite3",
        "CONN_MAX_AGE": 60,  # opening one costs 3 ms, as much as the queries of a page
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: what was committed survives a power cut, not only a killed process.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "PRAGMA cache_size=-4000; PRAGMA busy_timeout=20000;"
            ),
        },
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = GONGKAI_HOME / "mail"
if env("EMAIL_URL", default=""):
    vars().update(env.email("EMAIL_URL"))
