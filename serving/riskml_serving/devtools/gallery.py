"""Takes pictures of the staff pages with a real browser that can reach only the service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.devtools.benchmark.servers import run_service
from riskml_serving.web.router import PAGES

__all__ = ["BROWSERS", "open_browser", "take_pictures"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desk": 1280, "phone": 360}
MAX_HEIGHT = 2_000
"""Maximum height of a picture in pixels: the rest of a long page is cut off."""
PAPER_WIDTH = 703
"""Width between the margins of an A4 page in pixels."""


@contextmanager
def open_browser() -> Iterator[Any]:
    """Open a browser that has riskml's Chinese font, whatever fonts the machine has.

    Raises
    ------
    UsageError
        If Chromium or Playwright is missing.
    """
    from riskml.fonts import find_font

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        raise UsageError("Chromium or Playwright is missing.", "Debian: apt-get install chromium; `make install`.")
    sandbox = [] if getattr(os, "geteuid", lambda: 1)() else ["--no-sandbox"]  # Chromium has no sandbox for root
    with TemporaryDirectory(prefix="riskml-fonts-") as data:
        (Path(data) / "fonts").mkdir()
        shutil.copy(find_font(), Path(data) / "fonts")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=sandbox, env={**os.environ, "XDG_DATA_HOME": data}
            )
            yield browser
            browser.close()


def take_pictures(settings: Settings, accounts: list[Account], out: Path) -> list[Path]:
    """Run the service on a demo's database, go through its pages, and save a picture of each page.

    Parameters
    ----------
    settings : Settings
        The demo's settings.
    accounts : list of Account
    out : Path
        Folder for the pictures.

    Returns
    -------
    list of Path
    """
    out.mkdir(parents=True, exist_ok=True)
    pictures: list[Path] = []
    county, village = accounts[2], accounts[0]
    with TemporaryDirectory() as folder, run_service(Path(folder), settings) as address, open_browser() as chromium:
        for kind, account in (("desk", county), ("phone", village)):
            context = chromium.new_context(viewport={"width": WIDTHS[kind], "height": 900}, locale="zh-CN")
            page = context.new_page()
            page.route("**/*", lambda route: _block_others(route, address))

            def visit(path: str, page: Any = page) -> None:
                response = page.goto(address + path)
                if not response.ok:
                    raise UsageError(f"{path} responds with {response.status}.", "Fix the page, then run this again.")

            def save(name: str, part: Any = page, **options: Any) -> None:
                pictures.append(out / f"{name}.png")
                part.screenshot(path=pictures[-1], **options)

            def shoot(name: str, page: Any = page, kind: str = kind) -> None:
                height = min(MAX_HEIGHT, int(page.evaluate("document.documentElement.scrollHeight")))
                clip = {"x": 0, "y": 0, "width": WIDTHS[kind], "height": height}
                save(f"{kind}-{name}", page, full_page=True, clip=clip)

            visit("/sign-in")
            shoot("sign-in")
            page.fill("[name=username]", account.username)
            page.fill("[name=password]", account.password)
            page.click("main button")
            page.wait_for_url("**/worklist*")
            link = str(page.locator("table.list tbody a").first.get_attribute("href"))
            household = link.rpartition("/")[2]
            for declared in PAGES:
                if not declared.workbook:
                    visit(declared.list_addresses(household)[0])
                    shoot(declared.name)
            visit(link)
            if kind == "desk":
                page.set_viewport_size({"width": PAPER_WIDTH, "height": 900})
                page.emulate_media(media="print")
                save("paper-household", full_page=True)
                page.emulate_media(media="screen")
                page.set_viewport_size({"width": WIDTHS[kind], "height": 900})
            page.check("[name=outcome][value=confirmed]")
            page.locator("form.keep button").click()
            page.wait_for_url("**done=verified*")
            save(f"{kind}-verified", page.locator("#verification"))
            if kind == "desk":
                visit("/worklist?signal=orange&state=overdue")
                shoot("filters")
            context.close()
    for path in pictures:
        _shrink(path)
    return pictures


def _shrink(path: Path) -> None:
    """Reduce a picture to 256 colours: a page has few, and the pictures are part of every clone."""
    from PIL import Image

    with Image.open(path) as picture:
        reduced = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


def _block_others(route: Any, address: str) -> None:
    """Block every request that is not to the service."""
    if route.request.url.startswith((address, "data:")):
        route.continue_()
    else:
        route.abort()
