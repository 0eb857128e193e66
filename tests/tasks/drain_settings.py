"""Settings of the processes that deliver side by side: test settings, one portal."""

import os

from cms.settings.test import *  # noqa: F403

GONGKAI_INDEXES = []
GONGKAI_PORTALS = {"city": os.environ.get("GONGKAI_TEST_PORTAL", "")}
