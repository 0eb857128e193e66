"""For pytest: SQLite, or PostgreSQL with ``GONGKAI_TEST_DATABASE=postgresql``."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("GONGKAI_HOME", tempfile.mkdtemp(prefix="gongkai-test-"))

from cms.settings.embedded import *  # noqa: E402, F403
from cms.settings.embedded import DATABASES, env  # noqa: E402

GONGKAI_EMBEDDED_JOBS = False
GONGKAI_SEARCH_LOG_AFTER_S = None
GONGKAI_DATABASE_CLOCK = False
GONGKAI_MARK = None  # each test begins with the database of another
GONGKAI_INDEXES = ["local"]
GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
GONGKAI_PORTAL_KEYS = {"city": "whsec_dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXk="}
ALLOWED_HOSTS = ["*"]
if os.environ.get("GONGKAI_TEST_DATABASE") == "postgresql":
    DATABASES["default"] = env.db("DATABASE_URL")
else:
    _name = os.environ.get("GONGKAI_TEST_DB") or str(
        Path(tempfile.gettempdir()) / f"gongkai-test-{os.getpid()}.sqlite3"
    )
    Path(_name).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["TEST"] = {"NAME": _name}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "cms.files.WholeFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
