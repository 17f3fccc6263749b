"""Fixtures that serve the staff pages on a local port for a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.serving.conftest import PASSWORD, TODAY, World

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.gallery import open_browser
from riskml_serving.judging.model import Model
from riskml_serving.running.app import create_app
from riskml_serving.web.router import PAGES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

TORN_CELLS = r"""(() => {
  const isTorn = cell => {
    const text = cell.textContent.trim(), size = parseFloat(getComputedStyle(cell).fontSize);
    const content = document.createRange();
    content.selectNodeContents(cell);
    if (cell.matches('select')) return cell.clientWidth < 5 * size;
    if (cell.matches('th') && /^[一-鿿]{2,4}$/.test(text)) return content.getBoundingClientRect().height > 2 * size;
    const width = content.getBoundingClientRect().width / size;
    return /[一-鿿]{2}/.test(text) && width < (/[一-鿿]{3}/.test(text) ? 2 : 1.5);
  };
  const hidden = [...document.querySelectorAll('thead')].filter(head => getComputedStyle(head).position === 'absolute');
  return [...document.querySelectorAll('td,th,td select')]
    .filter(cell => cell.checkVisibility() && !hidden.some(head => head.contains(cell)) && isTorn(cell))
    .map(cell => `${cell.tagName} ${cell.textContent.trim()}`);
})()"""
"""Cells of tables too narrow for two characters of their text, short headings that a line break divides, and lists of
choices too narrow for three characters; headings that a phone hides are left out."""


@dataclass
class Served:
    """The service on a local port."""

    address: str
    server: uvicorn.Server


@contextmanager
def serve(settings: Settings) -> Iterator[Served]:
    """Run the service in a thread and serve it on a real port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(settings.model_copy(update={"port": port}))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Served(f"http://127.0.0.1:{port}", server)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def served(make_settings: Callable[..., Settings], model: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve a copy of the prepared database."""
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    with serve(make_settings()) as address:
        yield address


@pytest.fixture(scope="module")
def served_once(
    world: World, bundle_path: Path, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve one copy of the prepared database to all tests of a module."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(world.database, folder / "service.db")
    own = {"database_url": f"sqlite:///{folder / 'service.db'}", "model_store": folder / "models"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
        with serve(Settings(**own, bundle=bundle_path, today=TODAY, simulated=True, job_worker=False)) as address:
            yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start one browser for the module; if none is installed, skip the tests and say why."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (make install)")
    started = open_browser()
    try:
        chromium = started.__enter__()
    except UsageError as error:
        pytest.skip(error.message)
    yield chromium
    started.__exit__(None, None, None)


class Reader:
    """A signed-in user in a browser window."""

    def __init__(self, browser: Any, address: str, width: int, script: bool) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        self.page, self.address = self.context.new_page(), address
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.route("**/*", self._route)
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _route(self, route: Any) -> None:
        if route.request.url.startswith((self.address, "data:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def sign_in(self, user: str) -> None:
        self.page.goto(f"{self.address}/")
        self.page.fill("[name=username]", user)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/worklist*")

    def measure_overflow(self) -> int:
        root = self.page.locator("html")  # waits for it, if the page is just being replaced
        return int(root.evaluate("root => root.scrollWidth - root.clientWidth"))

    def list_torn_cells(self) -> list[str]:
        """List what ``TORN_CELLS`` finds on the page, with all its parts open; they are closed again."""
        opened = self.page.evaluate_handle("[...document.querySelectorAll('details:not([open])')]")
        opened.evaluate("parts => parts.forEach(part => { part.open = true; })")
        torn = [*self.page.evaluate(TORN_CELLS), *["the page scrolls sideways"] * (self.measure_overflow() > 0)]
        opened.evaluate("parts => parts.forEach(part => { part.open = false; })")
        return torn

    def find_faults(self) -> str:
        """Return what axe-core finds on the page, with all its parts open: contrast, names, roles and the like."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        self.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        result = axe.run(self.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        assert len(result.response["passes"]) > 5, "axe-core must have run its rules"
        return str(result.generate_report()) if result.violations_count else ""

    def open_first(self) -> str:
        """Open the first household on the list; return its address."""
        self.page.locator("table.list tbody a").first.click()
        self.page.wait_for_url("**/households/*")
        return str(self.page.url).removeprefix(self.address)

    def list_addresses(self) -> list[str]:
        """List an address of every page, for the first household on the list; the report is a document of its own."""
        household = self.open_first().rpartition("/")[2]
        return [page.list_addresses(household)[0] for page in PAGES if not page.workbook and page.name != "report"]
