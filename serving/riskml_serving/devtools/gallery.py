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
from riskml_serving.people.accounts import ROLES
from riskml_serving.web.router import PAGES

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desk": 1280, "phone": 360}
MAX_HEIGHT = 2_000
"""Maximum height of a picture in pixels: the rest of a long page is cut off."""
UPLOAD_MS = 120_000
"""How long the reading of an uploaded list may take."""
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
        delivery = ""
        for kind, account in (("desk", county), ("phone", village)):
            width = WIDTHS[kind]

            def save(name: str, part: Any, **options: Any) -> None:
                pictures.append(out / f"{name}.png")
                part.screenshot(path=pictures[-1], **options)

            def shoot(name: str, page: Any, kind: str = kind) -> None:
                save(f"{kind}-{name}", page, **cut_page(page))

            page = _open_page(chromium, width, address)
            shoot("sign-in", page)
            _sign_in(page, account)
            link = str(page.locator("table.list tbody a").first.get_attribute("href"))
            owner = page
            if account is not county:
                _sign_in(owner := _open_page(chromium, width, address), county)
            delivery = delivery or _upload_list(owner, address)
            if kind == "desk":
                _report_clue(page, address + link.replace("/households/", "/clues/new?household="))
            role = ROLES[account.role]
            for declared in PAGES:
                if not declared.workbook:
                    reader = page if declared.right in role.may | role.rights else owner
                    example = declared.list_addresses(link.rpartition("/")[2])[0]
                    _visit(reader, address + (delivery if delivery.startswith(f"{declared.path}?") else example))
                    shoot(declared.name, reader)
            _visit(page, address + link)
            if kind == "desk":
                page.set_viewport_size({"width": PAPER_WIDTH, "height": 900})
                page.emulate_media(media="print")
                save("paper-household", page, full_page=True)
                page.emulate_media(media="screen")
                page.set_viewport_size({"width": width, "height": 900})
            page.check("[name=outcome][value=confirmed]")
            page.locator("form.keep > button").click()
            page.wait_for_url("**done=verified*")
            save(f"{kind}-verified", page.locator("#verification"))
            if kind == "desk":
                _visit(page, f"{address}/worklist?signal=orange&state=overdue")
                shoot("filters", page)
    for path in pictures:
        shrink(path)
    return pictures


def cut_page(page: Any, most: int = MAX_HEIGHT) -> dict[str, Any]:
    """Return the options of a picture of a page as far down as ``most`` pixels."""
    height = min(most, int(page.evaluate("document.documentElement.scrollHeight")))
    return {"full_page": True, "clip": {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}}


def _open_page(chromium: Any, width: int, address: str) -> Any:
    """Open the sign-in page in a new context that can reach only the service."""
    page = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN").new_page()
    page.route("**/*", lambda route: _block_others(route, address))
    _visit(page, f"{address}/sign-in")
    return page


def _visit(page: Any, url: str) -> None:
    response = page.goto(url)
    if not response.ok:
        raise UsageError(
            "{path} responds with {status}.", "Fix the page, then run this again.", path=url, status=response.status
        )


def _sign_in(page: Any, account: Account) -> None:
    page.fill("[name=username]", account.username)
    page.fill("[name=password]", account.password)
    page.click("main button")
    page.wait_for_url("**/worklist*")


def _report_clue(page: Any, url: str) -> None:
    """Report a clue about a household, so that its page and the register of clues show one."""
    _visit(page, url)
    page.check("[name=what][value=illness]")
    page.fill("[name=amount]", "9800")
    page.click("form.clue > button")
    page.wait_for_url("**done=reported*")


def _upload_list(page: Any, address: str) -> str:
    """Upload a list of stays in hospital for the first households on the work list; return the delivery's address."""
    cells = "cells => cells.slice(0, 3).map(cell => [cell.querySelector('a'), cell.querySelector('.small')])"
    words = f"{cells}.map(pair => pair.map(part => part.textContent.trim().split(' ')[0]))"
    rows = page.eval_on_selector_all("table.list tbody td:nth-child(2)", f"cells => ({words})(cells)")
    lines = [
        ",".join(("姓名", "村", "入院日期", "个人自付（元）")),
        *(f"{name},{village},2024-05-08,21600" for name, village in rows),
    ]
    file = {"name": "医保住院报销明细.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    _visit(page, f"{address}/lists")
    page.set_input_files("[name=files]", file)
    page.click("main form button")
    page.wait_for_selector(":text('识别为'), [role=alert]", timeout=UPLOAD_MS)
    return str(page.url).removeprefix(address)


def shrink(path: Path) -> None:
    """Reduce a picture to 256 colours: pages have few colours, and the pictures are part of every clone."""
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
