"""Settings shared by every mode; all configuration comes from the environment.

``embedded`` (the default), ``production`` and ``test`` start from here.
``.env.example`` documents each variable.
"""

import os
from datetime import time
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)


def pairs(value: str, separator: str = ",") -> dict[str, str]:
    """Return ``name=value`` pairs, as in ``city=http://host,county=http://…``."""
    found = (part.partition("=") for part in value.split(separator) if part.strip())
    return {name.strip(): text.strip() for name, _sign, text in found}


GONGKAI_HOME = Path(env("GONGKAI_HOME", default=str(BASE_DIR / "var"))).resolve()
# What `./run` chose for this home, so that commands in another window agree with it.
environ.Env.read_env(GONGKAI_HOME / "site.env", overwrite=False)
# Both stay when the database is set back to an older copy (tasks/marks.py).
GONGKAI_MARK: Path | None = GONGKAI_HOME / "sent-mark.json"
GONGKAI_WITHDRAWN_LIST = Path(
    env("GONGKAI_WITHDRAWN_LIST", default=str(GONGKAI_HOME / "withdrawn.jsonl"))
)
GONGKAI_ROLE = env("GONGKAI_ROLE", default="township")
GONGKAI_PORTALS = pairs(env("GONGKAI_PORTALS", default=""))
GONGKAI_PORTAL_KEYS = pairs(env("GONGKAI_PORTAL_KEYS", default=""))
GONGKAI_ORIGIN_KEYS: dict[str, list[str]] = {
    origin: keys.split("|")
    for origin, keys in pairs(env("GONGKAI_ORIGIN_KEYS", default="")).items()
}
# Portal role: what one township may send where nothing else is set for it at the desk.
GONGKAI_ORIGIN_ITEMS = env.int("GONGKAI_ORIGIN_ITEMS", default=200_000)
GONGKAI_ORIGIN_MEGABYTES = env.int("GONGKAI_ORIGIN_MEGABYTES", default=51_200)
GONGKAI_ORIGIN_REQUESTS = env.int("GONGKAI_ORIGIN_REQUESTS", default=20_000)
# Portal role: days without a new item after which a township is marked as silent.
GONGKAI_SILENT_DAYS = env.int("GONGKAI_SILENT_DAYS", default=30)
# When the officer is told that deliveries do not get on.
GONGKAI_STUCK_MINUTES = env.int("GONGKAI_STUCK_MINUTES", default=15)
GONGKAI_FAILING_HOURS = env.float("GONGKAI_FAILING_HOURS", default=2.0)
GONGKAI_DEMO_PASSWORD = env("GONGKAI_DEMO_PASSWORD", default="")
GONGKAI_FAILPOINT = env("GONGKAI_FAILPOINT", default="")
# Off where a superior's portal puts its own head above these pages.
GONGKAI_MASTHEAD = env.bool("GONGKAI_MASTHEAD", default=True)
# The words in the place of the 党政机关 badge, which only its issuer may draw.
GONGKAI_BADGE = env("GONGKAI_BADGE", default="党政机关")
# Tests only: let the link check ask addresses of private networks too.
GONGKAI_LINK_CHECK_PRIVATE = env.bool("GONGKAI_LINK_CHECK_PRIVATE", default=False)
# Letters leave only where a mail server is named: a console is a log, and logs are no
# place for mailboxes.
GONGKAI_MAIL = env("EMAIL_URL", default="").partition(":")[0] not in (
    *("", "consolemail", "dummymail"),
)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="gongkai@localhost")
# When, on workdays, what is new of saved searches is mailed.
GONGKAI_SAVED_SEARCH_AT = time.fromisoformat(
    env("GONGKAI_SAVED_SEARCH_AT", default="08:00")
)
GONGKAI_NOTICE_DAYS = env.int("GONGKAI_NOTICE_DAYS", default=180)
GONGKAI_LEASE_S = env.float("GONGKAI_LEASE_S", default=30.0)
GONGKAI_EMBEDDED_JOBS = False
GONGKAI_DATABASE_CLOCK = True  # False: ours, for tests that travel in time
# Earlier secrets: links in letters that went out before the secret changed stay good.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ELASTICSEARCH_URL = env("ELASTICSEARCH_URL", default="")
GONGKAI_ES_PREFIX = env("GONGKAI_ES_PREFIX", default="gongkai")
REDIS_URL = env("REDIS_URL", default="")
# How hits are ordered (search/ranking.py), and categories without the citation prior.
GONGKAI_RANKING = env("GONGKAI_RANKING", default="base")
GONGKAI_NO_PRIOR = env.list("GONGKAI_NO_PRIOR", default=[])
# Searches are counted a moment after the answer; None: only when told to (tests). Words
# are kept once so many network addresses typed them on one day, or somebody on so many
# days; what fewer typed is forgotten after so many days.
GONGKAI_SEARCH_SEEN_BY = max(2, env.int("GONGKAI_SEARCH_SEEN_BY", default=5))
GONGKAI_SEARCH_LOG_AFTER_S: float | None = 2.0
GONGKAI_SEARCH_LOG_DAYS = env.int("GONGKAI_SEARCH_LOG_DAYS", default=30)
GONGKAI_INDEXES = ["es", "local"] if ELASTICSEARCH_URL else ["local"]
PORT = env.int("PORT", default=8000)
GONGKAI_BASE_URL = env("GONGKAI_BASE_URL", default=f"http://127.0.0.1:{PORT}")

INSTALLED_APPS = [
    "tasks.apps.TasksConfig",
    "search.apps.SearchConfig",
    "disclosure_pages.apps.DisclosurePagesConfig",
    "cms.apps.CmsConfig",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.typed_table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "ninja",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "cms.middleware.path_policy",
    "cms.middleware.desk_failures",
    "cms.audit.reads.keep_reads",
    "cms.display.remember_mode",
    "cms.language.speak_language",
    "disclosure_pages.page_cache.cache_pages",
    "cms.redirects.MovedPages",
]
ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cms.context.site_frame",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
WAGTAIL_CONTENT_LANGUAGES = [("zh-hans", _("简体中文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
DATE_FORMAT = "Y-m-d"

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("GONGKAI_STATIC", default=str(GONGKAI_HOME / "static")))
MEDIA_URL = "/media/"
MEDIA_ROOT = GONGKAI_HOME / "media"
STORAGES = {
    "default": {"BACKEND": "cms.files.WholeFiles"},
    "staticfiles": {"BACKEND": "cms.static_files.StaticFiles"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "wagtailadmin_login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# Wagtail lets its own previews into a frame of the same origin.
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# The admin needs inline scripts (date choosers); public pages get the strict policy
# from `cms.middleware`.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "script-src": [SELF, UNSAFE_INLINE],
        "style-src": [SELF, UNSAFE_INLINE],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    }
}

WAGTAIL_SITE_NAME = "政府信息公开"
WAGTAILADMIN_BASE_URL = GONGKAI_BASE_URL
WAGTAIL_APPEND_SLASH = True
WAGTAIL_WORKFLOW_ENABLED = True
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAIL_FINISH_WORKFLOW_ACTION = "cms.finish.publish_approved"
WAGTAIL_WORKFLOW_CANCEL_ON_PUBLISH = True
# Kinds of page whose review may be shorter than the three steps, when a path says so.
GONGKAI_LOW_RISK_KINDS = {"notice", "page", "reading_point"}
# Categories whose items name people: a path may give them a further step.
GONGKAI_HIGH_RISK_CATEGORIES = {"personnel", "enforcement"}
WAGTAIL_ALLOW_UNICODE_SLUGS = True
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_USER_TIME_ZONES = ["Asia/Shanghai"]
WAGTAILADMIN_PERMITTED_LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
WAGTAILDOCS_DOCUMENT_MODEL = "disclosure_pages.DisclosureDocument"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_EXTENSIONS = [
    *("pdf", "ofd", "doc", "docx", "wps", "xls", "xlsx", "et", "csv"),
    *("ppt", "pptx", "txt", "zip", "jpg", "jpeg", "png"),
]
WAGTAILDOCS_DOCUMENT_FORM_BASE = "disclosure_pages.forms.DocumentForm"
WAGTAILIMAGES_IMAGE_FORM_BASE = "disclosure_pages.forms.ImageForm"
WAGTAILDOCS_MAX_UPLOAD_SIZE = 200 * 1024 * 1024
WAGTAILIMAGES_IMAGE_MODEL = "disclosure_pages.DisclosureImage"
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp"]
WAGTAILSEARCH_BACKENDS = {
    # Substrings of folded words: finds Chinese inside a title and keeps no index.
    "default": {"BACKEND": "search.desk_backend"}
}
TASKS = {
    # Wagtail's own background work rolls back with the transaction it belongs to.
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
}

CELERY_BROKER_URL = REDIS_URL or "memory://"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}
