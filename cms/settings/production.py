"""PostgreSQL, Elasticsearch, Redis and Celery; every secret comes from outside."""

from django.core.exceptions import ImproperlyConfigured

from cms.settings.base import *  # noqa: F403
from cms.settings.base import (
    GONGKAI_DEMO_PASSWORD,
    GONGKAI_FAILPOINT,
    GONGKAI_LINK_CHECK_PRIVATE,
    REDIS_URL,
    env,
)

DEBUG = False
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"].update(
    CONN_MAX_AGE=60,
    CONN_HEALTH_CHECKS=True,
    ATOMIC_REQUESTS=False,
)
# Compiling a list's query takes longer than running it.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
CACHES = {
    "default": {
        "BACKEND": "cms.caches.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)

# Behind a TLS-terminating proxy. `GONGKAI_INSECURE_HTTP=1` is for a closed network.
_secure = not env.bool("GONGKAI_INSECURE_HTTP", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
SECURE_HSTS_PRELOAD = _secure
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure

if GONGKAI_DEMO_PASSWORD and not env.bool("GONGKAI_REHEARSAL", default=False):
    raise ImproperlyConfigured("GONGKAI_DEMO_PASSWORD is refused in production.")
if GONGKAI_FAILPOINT and not env.bool("GONGKAI_REHEARSAL", default=False):
    raise ImproperlyConfigured("GONGKAI_FAILPOINT is refused in production.")
if GONGKAI_LINK_CHECK_PRIVATE:
    raise ImproperlyConfigured(
        "GONGKAI_LINK_CHECK_PRIVATE is refused in production: it would let typed "
        "addresses reach the office's own network. Unset it."
    )
