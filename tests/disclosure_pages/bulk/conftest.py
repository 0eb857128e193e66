import pytest

from tests.factories import make_site


@pytest.fixture
def township(db):
    """A site with one office; returns its home page."""
    return make_site()
