"""What each adapter needs to be held to one contract: a portal, and eyes on it."""

import base64
import csv
import html
import json
import os
import re
import shutil
import sys
import time
import types
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass

import pytest
from openpyxl import load_workbook

from bench.plone_run import prepare
from disclosure_pages.models.external import bucket_of
from tasks import targets
from tasks.targets import Waiting
from tasks.targets.base import ReadsBuckets
from tasks.template import inbox
from tasks.template.shelves import shelf_of
from tests.tasks.fake_plone import ACCOUNT, EDITOR
from tests.tasks.processes import ROOT, StandIn


class Contract:
    """One kind of portal under test; subclasses know how a reader looks at it."""

    name = "portal:city"
    reads_back_withdrawals = True

    @property
    def target(self):
        return targets.get(self.name)

    def send(self, *items):
        """Send (version, state) pairs until the portal has answered to each."""
        outcomes = self.target.put_many(items)
        if any(isinstance(outcome, Waiting) for outcome in outcomes):
            self.answer()
            outcomes = self.target.put_many(items)
        return outcomes

    def answer(self):
        """Let the people at the portal do their part."""

    def row(self, key):
        """What reading back says of a key; None if nothing."""
        target = self.target
        if isinstance(target, ReadsBuckets):
            rows = target.read_manifest(bucket_of(key))
        else:
            rows = target.read_rows({key})
        return next((row for row in rows if row.key == key), None)


class HttpContract(Contract):
    """The same software in the portal role."""

    def __init__(self, city, settings):
        self.city, self.settings = city, settings

    def shown(self, key):
        """The text that a reader of the portal sees; None if it is not shown."""
        status, _headers, body = self.city.page(key)
        return body.decode() if status == 200 else None

    def files(self, key):
        page = self.shown(key)
        paths = re.findall(r'href="(/external-files/[^"]+)"', page)
        return [self.city.portal.get(path)[2] for path in paths]

    def break_down(self):
        self.settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}


class TemplateContract(Contract):
    """A portal whose clerk loads packages and sends the form back."""

    reads_back_withdrawals = False

    def __init__(self, folder, settings):
        self.shelf = shelf_of("city", f"//{folder}")
        settings.GONGKAI_PORTALS = {"city": f"template://{folder}"}
        self.pages, self.attached, self.loaded = {}, {}, set()

    def answer(self):
        """Load every package that is new, in order, and say yes to all."""
        for path in sorted(self.shelf.batches.glob("[!.]*")):
            if path.name not in self.loaded:
                self.loaded.add(path.name)
                self.load(path)
        inbox.collect()

    def load(self, path):
        with Package(path) as package:
            for place, line in enumerate(package.form):
                key, act = line["永久标识"], line["操作"]
                if act == "撤下":
                    self.pages.pop(key, None)
                    self.attached.pop(key, None)
                    continue
                row = package.table[place]
                self.pages[key] = "\n".join(map(str, row.values()))
                names = filter(None, (row["附件"] or "").split("；"))
                self.attached[key] = [package.read(name) for name in names]
            self.reply(package, path.stem)

    def reply(self, package, name, **changes):
        """Put the filled form into the inbox, as something long copied."""
        lines = [
            {**line, "处理结果": "成功", "门户网址": f"https://city.example/{place}"}
            | changes
            for place, line in enumerate(package.form)
        ]
        self.drop(f"{name}.csv", lines)

    def drop(self, name, lines):
        path = self.shelf.receipts / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(lines[0]))
            writer.writeheader()
            writer.writerows(lines)
        old = time.time() - 60
        os.utime(path, (old, old))

    def shown(self, key):
        return self.pages.get(key)

    def files(self, key):
        return self.attached[key]

    def break_down(self):
        """A file stands where the folder should be."""
        self.shelf.folder.parent.mkdir(parents=True, exist_ok=True)
        if self.shelf.folder.exists():
            self.shelf.folder.rename(self.shelf.folder.with_suffix(".away"))
        self.shelf.folder.write_text("")


class Package:
    """A package as the portal's clerk opens it."""

    def __init__(self, path):
        self.path = path
        self.archive = zipfile.ZipFile(path) if path.suffix == ".zip" else None

    def __enter__(self):
        self.table = self._rows("信息加载表.xlsx")
        self.form = self._rows("回执表.xlsx")
        return self

    def __exit__(self, *error):
        if self.archive:
            self.archive.close()

    def read(self, name):
        return (
            self.archive.read(name) if self.archive else (self.path / name).read_bytes()
        )

    def names(self):
        if self.archive:
            return self.archive.namelist()
        files = [path for path in self.path.rglob("*") if path.is_file()]
        return [path.relative_to(self.path).as_posix() for path in files]

    def _rows(self, name):
        opened = self.archive.open(name) if self.archive else self.path / name
        headings, *rows = load_workbook(opened).active.iter_rows(values_only=True)
        names = [heading.rstrip("*") for heading in headings]
        return [dict(zip(names, row, strict=True)) for row in rows]


@dataclass
class FakePlone(StandIn):
    """The stand-in for a Plone site, as a process."""

    script = "fake_plone.py"
    account: str = ACCOUNT
    editor: str = EDITOR

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/Plone/xinxi"

    def fault(self, **faults):
        """Set faults; forgets what was asked."""
        self.ask("POST", f"http://127.0.0.1:{self.port}/__fault", faults)

    def asked(self):
        return self.ask("GET", f"http://127.0.0.1:{self.port}/__asked")[1]

    def ask(self, method, path, message=None, account=None):
        """Ask as our account, another, or a stranger (""): status, JSON or bytes."""
        account = self.account if account is None else account
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(
            url,
            method=method,
            data=None if message is None else json.dumps(message).encode(),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        )
        if account:
            request.add_header("Authorization", f"Basic {_basic(account)}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body


def _basic(account):
    return base64.b64encode(account.encode()).decode()


class RealPlone(FakePlone):
    """A Plone that runs elsewhere, named by `GONGKAI_TEST_PLONE` (URL, NAME:PASSWORD).

    What needs faults, or to know what was asked, is skipped.
    """

    folder = ""

    @property
    def url(self):
        return self.folder

    def start(self):
        address, self.editor = os.environ["GONGKAI_TEST_PLONE"].split()
        self.folder, self.account = prepare(address, self.editor)
        return self

    def fault(self, **faults):
        if any(faults.values()):
            pytest.skip("a real Plone has no faults to order")

    def asked(self):
        pytest.skip("a real Plone does not tell what it was asked")


def plone_site():
    """The stand-in, or the real one where one is named."""
    return RealPlone() if os.environ.get("GONGKAI_TEST_PLONE") else FakePlone()


class PloneContract(Contract):
    """A Plone 6 site."""

    def __init__(self, site, settings):
        self.site = site
        settings.GONGKAI_PORTALS = {"city": f"plone+{site.url}"}
        settings.GONGKAI_PORTAL_KEYS = {"city": site.account}
        site.fault(conflicts=0, lost=0, down=False)

    def find(self, key):
        """Every item with this id, wherever it is, as the account sees it."""
        return self.site.ask("GET", f"/@search?getId={key}")[1]["items"]

    def shown(self, key):
        """What a stranger reads."""
        for row in self.find(key):
            status, data = self.site.ask("GET", row["@id"], account="")
            if status == 200:
                return f"{data['title']}\n{data['description']}\n{data['text']['data']}"
        return None

    def files(self, key):
        links = re.findall(r'href="([^"]+/@@download/file)"', self.shown(key))
        return [self.site.ask("GET", link, account="")[1] for link in links]

    def break_down(self):
        self.site.fault(down=True)


class ExampleContract(Contract):
    """The adapter that `docs/adapters.md` shows, as it stands there."""

    def __init__(self, folder, settings, monkeypatch):
        folder.mkdir()
        self.folder = folder
        module = types.ModuleType("folder_portal")
        exec(example_code(), module.__dict__)  # noqa: S102
        monkeypatch.setitem(sys.modules, "folder_portal", module)
        address = f"folder_portal.FolderPortal+file://{folder}"
        settings.GONGKAI_PORTALS = {"city": address}

    def shown(self, key):
        path = self.folder / f"{key}.json"
        held = json.loads(path.read_text()) if path.exists() else {"state": ""}
        if held["state"] != "published":
            return None
        return f"{held['metadata']['title']}\n{html.escape(held['html'])}"

    def files(self, key):
        held = json.loads((self.folder / f"{key}.json").read_text())
        names = [row["sha256"] for row in held["attachments"]]
        return [(self.folder / "files" / name).read_bytes() for name in names]

    def break_down(self):
        shutil.rmtree(self.folder)


def example_code():
    """The Python of the page, between its fences."""
    text = (ROOT / "docs/adapters.md").read_text("utf-8")
    return text.partition("```python\n")[2].partition("```")[0]
