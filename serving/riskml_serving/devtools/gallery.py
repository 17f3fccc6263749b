"""Takes pictures of the staff pages by a real browser that reaches nothing but the service."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.accounts import Account

__all__ = ["BROWSERS", "browser", "serving", "take_pictures"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = {"desk": 1280, "phone": 360}
TALLEST = 2_000
"""Pixels of a picture: the rest of a long page is cut off."""
PAPER = 703
"""Pixels between the margins of an A4 page."""


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve in a thread; give the address."""
    import uvicorn

    from riskml_serving.running.app import create_app

    config = uvicorn.Config(create_app(settings), host=settings.host, port=settings.port, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise UsageError(f"Port {settings.port} cannot be used.", "Set RISKML_SERVING_PORT to another.")
        time.sleep(0.05)
    yield f"http://{settings.host}:{settings.port}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def browser() -> Iterator[Any]:
    """Open a browser that has riskml's Chinese font, whatever the machine has.

    Raises
    ------
    UsageError
        If there is no Chromium or no Playwright.
    """
    from riskml.fonts import find_font

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        raise UsageError("There is no Chromium with Playwright.", "Debian: apt-get install chromium; `make install`.")
    sandbox = [] if getattr(os, "geteuid", lambda: 1)() else ["--no-sandbox"]  # root has no sandbox
    with tempfile.TemporaryDirectory(prefix="riskml-fonts-") as data:
        (Path(data) / "fonts").mkdir()
        shutil.copy(find_font(), Path(data) / "fonts")
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(
                executable_path=path, args=sandbox, env={**os.environ, "XDG_DATA_HOME": data}
            )
            yield opened
            opened.close()


def take_pictures(address: str, accounts: list[Account], out: Path) -> list[Path]:
    """Walk through the pages and keep a picture of each.

    Parameters
    ----------
    address : str
    accounts : list of Account
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    out.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    county, village = accounts[2], accounts[0]
    with browser() as chromium:
        for kind, account in (("desk", county), ("phone", village)):
            context = chromium.new_context(viewport={"width": WIDTHS[kind], "height": 900}, locale="zh-CN")
            page = context.new_page()
            page.route("**/*", lambda route: _only(route, address))

            def visit(path: str, page: Any = page) -> None:
                answer = page.goto(address + path)
                if not answer.ok:
                    raise UsageError(f"{path} answers {answer.status}.", "Mend the page, then take the pictures again.")

            def shoot(name: str, page: Any = page, kind: str = kind) -> None:
                tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
                path = out / f"{kind}-{name}.png"
                clip = {"x": 0, "y": 0, "width": WIDTHS[kind], "height": tall}
                page.screenshot(path=path, full_page=True, clip=clip)
                taken.append(path)

            visit("/sign-in")
            shoot("sign-in")
            page.fill("[name=username]", account.username)
            page.fill("[name=password]", account.password)
            page.click("main button")
            page.wait_for_url("**/worklist*")
            shoot("worklist")
            page.locator("table.list tbody a").first.click()
            page.wait_for_url("**/households/*")
            shoot("household")
            if kind == "desk":
                page.set_viewport_size({"width": PAPER, "height": 900})
                page.emulate_media(media="print")
                path = out / "paper-household.png"
                page.screenshot(path=path, full_page=True)
                taken.append(path)
                page.emulate_media(media="screen")
                page.set_viewport_size({"width": WIDTHS[kind], "height": 900})
            page.check("[name=outcome][value=confirmed]")
            page.locator("form.keep button").click()
            page.wait_for_url("**done=verified*")
            page.locator("#verification").screenshot(path=out / f"{kind}-verified.png")
            taken.append(out / f"{kind}-verified.png")
            visit("/overview")
            shoot("overview")
            if kind == "desk":
                visit("/worklist?signal=orange&state=overdue")
                shoot("filters")
                visit("/model")
                shoot("model")
            context.close()
    for path in taken:
        _shrink(path)
    return taken


def _shrink(path: Path) -> None:
    """Keep a picture in 256 colours: a page has few, and the pictures travel with every clone."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _only(route: Any, address: str) -> None:
    """Let nothing through but the service."""
    if route.request.url.startswith((address, "data:")):
        route.continue_()
    else:
        route.abort()
