"""Settings of the portal process that tests start: test settings, jobs running."""

from cms.settings.test import *  # noqa: F403

GONGKAI_EMBEDDED_JOBS = True
GONGKAI_PORTALS = {}
