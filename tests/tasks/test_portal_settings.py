"""Which adapter an address names."""

from importlib.metadata import EntryPoint

import pytest

from tasks import targets
from tasks.drain import drain
from tasks.models import OutboxEntry
from tasks.targets import TargetDown, adapters
from tasks.targets.adapters import UnusablePortal, portal_setting
from tasks.targets.plone import PloneTarget
from tasks.targets.portal import PortalTarget
from tasks.targets.template import TemplateTarget
from tests.tasks.messages import state_of

KEY = "0123456789abcdef0123456789abcdef"


class OurPortal:
    batch_size = 1

    def __init__(self, setting):
        self.name, self.setting = setting.target, setting


def configured(settings, written):
    settings.GONGKAI_PORTALS = {"city": written}
    settings.GONGKAI_PORTAL_KEYS = {"city": "secret"}
    return targets.get("portal:city")


@pytest.mark.parametrize(
    ("written", "kind", "address"),
    [
        ("https://city.cn", PortalTarget, "https://city.cn"),
        ("http+https://city.cn/a", PortalTarget, "https://city.cn/a"),
        ("template:///srv/city", TemplateTarget, "///srv/city"),
        ("template:/srv/city", TemplateTarget, "/srv/city"),
        ("template:", TemplateTarget, ""),
        ("plone+https://city.cn/Plone/x", PloneTarget, "https://city.cn/Plone/x"),
        (f"{__name__}.OurPortal+ftp://city.cn", OurPortal, "ftp://city.cn"),
    ],
)
def test_the_address_names_the_adapter(settings, written, kind, address):
    target = configured(settings, written)
    assert isinstance(target, kind)
    assert target.name == "portal:city"
    setting = portal_setting("city")
    assert (setting.address, setting.key) == (address, "secret")
    assert "secret" not in repr(setting)


def test_an_installed_package_brings_its_adapter(settings, monkeypatch):
    found = EntryPoint("ours", f"{__name__}:OurPortal", adapters.GROUP)
    asked = []

    def entry_points(**query):
        asked.append(query)
        return [found]

    monkeypatch.setattr(adapters, "entry_points", entry_points)
    assert isinstance(configured(settings, "ours+https://city.cn"), OurPortal)
    assert asked == [{"group": "gongkai.portal_adapters", "name": "ours"}]


def test_folders_of_a_template_portal_lie_in_our_home_unless_told(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path
    assert configured(settings, "template:").shelf.folder == tmp_path / "portals/city"
    assert str(configured(settings, "template:///srv/x").shelf.folder) == "/srv/x"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nobody+https://city.cn", "没有名为“nobody”的门户适配器"),
        ("no.such.module.Portal+https://city.cn", "没有名为“no.such.module.Portal”"),
        ("plone+https://bot:pw@city.cn/Plone", "门户地址里不能写密码"),
    ],
)
def test_a_wrong_setting_is_a_portal_that_is_down_and_says_why(settings, written, said):
    target = configured(settings, written)
    assert isinstance(target, UnusablePortal)
    with pytest.raises(TargetDown, match=said):
        target.put_many([(1, state_of())])


@pytest.mark.django_db
def test_a_wrong_setting_stops_nobody_else(settings, tmp_path):
    settings.GONGKAI_INDEXES = []
    settings.GONGKAI_PORTALS = {
        "bad": "nobody+https://city.cn",
        "good": f"template://{tmp_path}/good",
    }
    OutboxEntry.record([KEY], "withdraw")
    drain()
    rows = {row.target: row for row in OutboxEntry.objects.all()}
    assert "nobody" in rows["portal:bad"].last_error
    assert rows["portal:good"].awaiting == "已导出（第 1 批），待回执"
