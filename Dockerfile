FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DJANGO_SETTINGS_MODULE=cms.settings.production \
    GONGKAI_HOME=/var/lib/gongkai \
    GONGKAI_STATIC=/srv/static \
    GONGKAI_BIND=0.0.0.0:8000

WORKDIR /srv/gongkai
# Pango draws the booklets and posters; the fonts are for Chinese; `backup` and `restore`
# call pg_dump and pg_restore.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk \
    postgresql-client && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY . .
# Values that only let the settings load; nothing of them stays in the image.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgres://build/build \
    python manage.py collectstatic --no-input -v 0 \
    && useradd --system --uid 10001 --home-dir "$GONGKAI_HOME" --create-home gongkai

USER gongkai
VOLUME ["/var/lib/gongkai"]
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "cms.wsgi", "-c", "gunicorn.conf.py"]
