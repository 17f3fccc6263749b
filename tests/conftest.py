"""Shared fixtures: a small simulated county, a bundle trained on it, an offline browser, and LightGBM boosters.

The county and the bundle are made once for all processes, and no test changes them.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filelock import FileLock
from fontTools.ttLib import TTFont
from numpy.typing import NDArray

from riskml import tracking
from riskml.fonts import find_font
from riskml.keys import format_key
from riskml.model import Bundle
from riskml.model.bundle_files import MANIFEST, write_signature
from riskml.policy import load_policy
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings
from riskml.training import train

if TYPE_CHECKING:
    import lightgbm as lgb

WRITE_GOLDEN = "RISKML_GOLDEN"
"""Environment variable that ``make docs`` sets to ``write`` so that committed files are rewritten, not compared."""

TIERS = {
    "acceptance": {"offline_browser", "served"},
    "integration": {"county", "county_records", "database_url", "empty_database_url", "postgres", "make_settings"}
    | {"make", "divide"},  # records folders and partitions
}
"""Fixtures that decide the tier of a test that uses them, directly or through other fixtures.

A test that uses a real browser is an acceptance test. One that uses the simulated county, the model trained on it, a
database or records folders on disk is an integration test. Tests in a folder `faults` are in the tier `faults`, and all
others in `unit`. A test or a module may also set its own tier (``pytestmark``).
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its tier, and mark tests that compare with a committed file as `golden` for `make docs`."""
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker("golden")
        if not {mark.name for mark in item.iter_markers()} & {"unit", "faults", *TIERS}:
            item.add_marker(_tier(item))


def _tier(item: pytest.Item) -> str:
    if "faults" in item.path.parts:
        return "faults"
    fixtures = set(getattr(item, "fixturenames", ()))
    return next((tier for tier, heavy in TIERS.items() if fixtures & heavy), "unit")


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among modules and collected tests, which took 7 % of the tests' time."""
    gc.freeze()
    gc.set_threshold(7_000, 10, 10)


def pytest_unconfigure() -> None:
    gc.unfreeze()  # otherwise DuckDB reports that its objects were left over


BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""Names under which Chromium may be installed; Debian uses ``chromium``."""


@pytest.fixture(autouse=True)
def _restore_log_handlers() -> Iterator[None]:
    """Remove the log handlers that a command under test installed: they write to a stream that ends with the test."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


@pytest.fixture(scope="session")
def golden() -> Callable[[Path, str], None]:
    """Return a function that compares a text with its committed file: ``golden(path, text)``."""

    def compare(path: Path, text: str) -> None:
        if os.environ.get(WRITE_GOLDEN) == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        committed = path.read_text("utf-8") if path.exists() else ""
        assert text == committed, f"{path} is stale: run `make docs`, read what changed, and commit it."

    return compare


@pytest.fixture(scope="session")
def find_missing_glyphs() -> Callable[[str], str]:
    """Return a function that lists a text's characters that the Chinese font lacks, once each, in the text's order."""
    with TTFont(find_font(), lazy=True) as font:
        characters = frozenset(font.getBestCmap())
    return lambda text: "".join(c for c in dict.fromkeys(text) if c not in "\n\r\t" and ord(c) not in characters)


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Simulate a county of 800 households over 42 months, including its truth: once for all processes of the tests."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "county"
    with FileLock(f"{folder}.lock"):
        if not (folder / "truth.parquet").exists():
            simulate(folder, 800, 42, 5, None, "last")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _copy_tracking_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let MLflow create its tables once, which takes a second: every later database begins as a copy of that one."""
    template, create = tmp_path_factory.mktemp("mlflow") / "mlflow.db", tracking._create_tables

    def copy(uri: str) -> None:
        database = tracking._find_database()
        if database is not None and template.exists() and not database.exists():
            shutil.copy(template, database)
        create(uri)
        if database is not None and not template.exists():
            shutil.copy(database, template)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "_create_tables", copy)
        yield


@pytest.fixture(scope="session")
def county_records(county: Path) -> Records:
    return Records.load(county)


@pytest.fixture(scope="session")
def trained(county: Path, county_records: Records) -> Bundle:
    """Train on the simulated county: once for all processes of the tests."""
    folder = county.with_name("trained")
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            train(county_records, Settings(), load_policy(), folder=county).save(folder)
    return Bundle.load(folder)


@pytest.fixture(scope="session")
def sign_bundle() -> Callable[[Path], Path]:
    """Return a function that signs a bundle as it is, with a key that all services in the tests trust."""
    key = Ed25519PrivateKey.generate()

    def sign(path: Path) -> Path:
        write_signature(path, (path / MANIFEST).read_bytes(), key)
        return path

    sign.public_key = format_key(key.public_key())  # type: ignore[attr-defined]
    return sign


@pytest.fixture(scope="session")
def bundle_path(trained: Bundle, sign_bundle: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sign_bundle(trained.save(tmp_path_factory.mktemp("bundle") / "model"))


class Visit:
    """An opened page, with the requests that it sent and those that failed.

    Attributes
    ----------
    page : playwright.sync_api.Page
    requests : list of str
        Requested addresses.
    failed : list of str
        Addresses that could not be loaded, and errors from the console.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.failed: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append(request.url))
        page.on("console", lambda message: message.type == "error" and self.failed.append(message.text))
        page.on("pageerror", lambda error: self.failed.append(str(error)))

    def outside(self) -> list[str]:
        """Return the requests for anything but the page itself and data URLs."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]

    def sideways(self) -> int:
        """Return how many pixels wider the page is than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def foreign_fonts(self, selector: str) -> list[str]:
        """Return the names of fonts that elements take from the system instead of from the page."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        families = set()
        for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]:
            fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            families |= {font["familyName"] for font in fonts if not font["isCustomFont"]}
        return sorted(families)


Open = Callable[..., Any]


@pytest.fixture(scope="module")
def offline_browser() -> Iterator[Open]:
    """Open pages with ``with offline_browser(path, width=1280, media="screen") as visit``, without a network.

    Each module has its own browser, closed at the end of the module, because Playwright keeps an event loop running.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (make install)")
    sandbox = [] if getattr(os, "geteuid", lambda: 1)() else ["--no-sandbox"]  # Chromium has no sandbox for root
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=sandbox)

        @contextmanager
        def open_page(file: Path, width: int = 1280, media: str = "screen") -> Iterator[Visit]:
            context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
            page = context.new_page()
            page.emulate_media(media=media)
            visit = Visit(page)
            page.route("**/*", lambda route: route.continue_() if _local(route.request.url) else route.abort())
            page.goto(file.absolute().as_uri())
            page.evaluate("document.fonts.ready")
            try:
                yield visit
            finally:
                context.close()

        yield open_page
        browser.close()


def _local(url: str) -> bool:
    return url.startswith(("file:", "data:", "about:", "blob:"))


# -- every kind of booster that training can produce, some that it cannot, and rows that probe them ------------------

ROWS, FEATURES, CATEGORICAL = 2000, 6, [3, 5]


@cache
def training_rows() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(ROWS, FEATURES))
    X[:, 3], X[:, 5] = rng.integers(0, 45, ROWS), rng.integers(0, 5, ROWS)
    X[rng.random(ROWS) < 0.2, 0] = np.nan
    X[rng.random(ROWS) < 0.1, 3] = np.nan
    X[rng.random(ROWS) < 0.3, 1] = 0.0
    effect = rng.normal(size=45)[np.nan_to_num(X[:, 3]).astype(int)]
    score = np.nan_to_num(X[:, 0]) * X[:, 1] + effect + X[:, 2] ** 2 - 1 + rng.logistic(size=ROWS) / 2
    return X, (score > 0).astype(float)


@cache
def probing_rows() -> NDArray[np.float64]:
    """Make a few rows for each special case: missing, unknown, negative or fractional categories, infinities, zeros."""
    rows = training_rows()[0][:120].copy()
    rows[:5] = np.nan
    for k, code in enumerate((-1.0, 500.0, 44.7, -0.5, np.inf)):
        rows[10 + 5 * k : 15 + 5 * k, 3] = code
    rows[40:45, 1:3] = np.inf
    rows[45:50, 1:3] = -np.inf
    rows[50:55, 2] = np.nan
    rows[55:60, :3] = 0.0
    rows[60:66, :3] = np.array([1.0, -1.0, 1.1, -1.1, 0.5, -0.5])[:, None] * 1.0000000180025095e-35
    return rows


KINDS: dict[str, dict[str, Any]] = {
    "depth 3": {"max_depth": 3, "num_leaves": 8},
    "depth 5": {"max_depth": 5, "num_leaves": 31},
    "twelve leaves": {"num_leaves": 12, "max_depth": 7},
    "monotone": {"num_leaves": 8, "monotone_constraints": [0, 1, -1, 0, 0, 0]},
    "as riskml trains": {"max_depth": 5, "num_leaves": 31, "lambda_l2": 10, "feature_fraction": 0.4},
    "zero is missing": {"num_leaves": 8, "max_depth": 4, "zero_as_missing": True},
    "nothing is missing": {"num_leaves": 8, "max_depth": 4, "use_missing": False},
    "bagging": {"num_leaves": 8, "bagging_fraction": 0.5, "bagging_freq": 1},
    "constant": {"num_leaves": 8, "min_data_in_leaf": 10_000},
    "soon constant": {"num_leaves": 4, "min_data_in_leaf": 900, "learning_rate": 1.0},
    "no mean first": {"num_leaves": 8, "boost_from_average": False},
}
DEEP = {"num_leaves": 200, "min_data_in_leaf": 2}


@cache
def grow_booster(kind: str, rounds: int = 8) -> lgb.Booster:
    import lightgbm as lgb

    X, y = training_rows()
    settings = {
        "objective": "binary",
        "verbosity": -1,
        "num_threads": 1,
        "learning_rate": 0.2,
        "min_data_per_group": 5,
        "cat_smooth": 1,
        "seed": 1,
        "deterministic": True,
        **(DEEP if kind == "deep" else KINDS[kind]),
    }
    data = lgb.Dataset(X, y, categorical_feature=CATEGORICAL, params={"verbosity": -1})
    return lgb.train(settings, data, rounds)


@dataclass(frozen=True)
class Model:
    kind: str
    booster: lgb.Booster
    rows: NDArray[np.float64]

    @property
    def text(self) -> str:
        return self.booster.model_to_string()

    def predict_contributions(self) -> NDArray[np.float64]:
        return np.asarray(self.booster.predict(self.rows, pred_contrib=True, num_threads=1))


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    return Model(request.param, grow_booster(request.param), probing_rows())


@pytest.fixture
def deep() -> Model:
    return Model("deep", grow_booster("deep"), probing_rows())


@pytest.fixture(scope="session", name="train")
def provide_boosters() -> Callable[[str], lgb.Booster]:
    return grow_booster


@pytest.fixture(scope="session")
def probing() -> NDArray[np.float64]:
    return probing_rows()
