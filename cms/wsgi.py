"""WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.embedded")
application = get_wsgi_application()

# What is loaded by now stays for good. A full collection would walk all of it, and one
# search in a dozen would wait a tenth of a second for that (``bench/README.md``).
gc.collect()
gc.freeze()
