"""Draw every page kind and the desk of the demo township into ``docs/img``.

``python -m bench.screenshots`` starts an embedded site in a home of its own; with
``--url`` and ``--password`` it looks at a running one instead.
"""

import argparse
import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.progress import track

from tests import sites
from tests.browser import FLAGS
from tests.services import CHROMIUM
from tests.tour import tour

OUT = Path(__file__).resolve().parents[1] / "docs/img"
SIZES = {"1280": (1280, 900), "390": (390, 844)}
DESK = {
    "desk-clerk": ("clerk", "/admin/"),
    "desk-officer": ("officer", "/admin/"),
    "desk-review": ("head", "/admin/review/"),
    "desk-publish": ("clerk", "/admin/publish/"),
    "desk-load": ("officer", "/admin/load/"),
}
COLOURS = 128
console = Console(stderr=True)


@contextlib.contextmanager
def address(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield (base URL, password) of the site to look at."""
    if arguments.url:
        yield arguments.url.rstrip("/"), arguments.password
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        sites.embedded(Path(folder), sites.two_ports()) as running,
    ):
        yield running.url, running.password


def draw(page: Page, url: str, out: Path) -> None:
    """Save one page, the first three screens of it, with few colours."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    height = page.evaluate("document.documentElement.scrollHeight")
    view = page.viewport_size or {"width": 1280, "height": 900}
    picture = page.screenshot(
        full_page=True,
        clip={
            "x": 0,
            "y": 0,
            "width": view["width"],
            "height": min(height, 3 * view["height"]),
        },
    )
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS).save(out, optimize=True)


def draw_public(browser: Browser, url: str, out: Path) -> None:
    """Draw each public kind at both widths, and some in the large-type mode."""
    places = tour(url)
    for size, (width, height) in SIZES.items():
        context = browser.new_context(
            locale="zh-CN", viewport={"width": width, "height": height}
        )
        page = context.new_page()
        for name, path in track(places.items(), f"{size}", console=console):
            draw(page, f"{url}{path}", out / f"{name}-{size}.png")
        for name in ("home", "item"):
            link = f"{url}{places[name]}?mode=elder"
            draw(page, link, out / f"{name}-elder-{size}.png")
        context.close()


def draw_desk(browser: Browser, url: str, password: str, out: Path) -> None:
    """Draw the desk as the people who use it see it."""
    for name, (user, path) in track(DESK.items(), "desk", console=console):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                locale="zh-CN", viewport={"width": width, "height": height}
            )
            page = context.new_page()
            page.goto(f"{url}/admin/login/")
            page.fill("#id_username", user)
            page.fill("#id_password", password)
            page.click("button[type=submit]")
            page.wait_for_url("**/admin/")
            draw(page, f"{url}{path}", out / f"{name}-{size}.png")
            context.close()


def main() -> None:
    """Parse the arguments and draw everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--url", default="")
    parser.add_argument("--password", default="")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with address(arguments) as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        draw_public(browser, url, arguments.out)
        draw_desk(browser, url, password, arguments.out)
        browser.close()
    console.print(f"{len(list(arguments.out.glob('*.png')))} files in {arguments.out}")


if __name__ == "__main__":
    main()
