"""Send requests to every route by every kind of caller, and open every page with hostile text (docs/security.md).

Prints one line of JSON, or stops at the first response that shows what it should not.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import re
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2 as httpx
import pyarrow.parquet as pq
from fastapi.testclient import TestClient
from figures import PASSWORD, fill_county
from openpyxl import load_workbook
from sqlalchemy import select

from riskml_serving.api import routers as api
from riskml_serving.api.openapi import list_endpoints
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.accounts.service import create_user, disable_user
from riskml_serving.people.accounts.sessions import derive_form_token
from riskml_serving.people.auth.service import create_key, read_key_id, revoke_key
from riskml_serving.register.keys import add_key
from riskml_serving.register.service import Person, keep_persons
from riskml_serving.running.app import create_app
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.web import router as web
from riskml_serving.web.shell.visitor import get_cookie_name

RIGHTS = ("score", "read", "write", "health-details", "admin")
OPEN = {"/healthz", "/readyz", *web.OPEN_TO_ALL}
NOBODY, ELSEWHERE = "nobody-1", "99"


@dataclass
class Caller:
    """Who sends a request: the region and rights (None: nobody whom the service knows), and how they identify."""

    name: str
    region: str | None
    rights: frozenset[str]
    headers: dict[str, str]
    token: str = ""

    def covers(self, region: str | None) -> bool:
        return region is not None and self.region is not None and region.startswith(self.region)


def start(folder: Path, **more: Any) -> tuple[TestClient, dict[str, str]]:
    """Start a service with a simulated county; return it with the region of each household."""
    settings, _ = fill_county(folder)
    own = {"rate_per_minute": 0, "sign_ins_per_minute": 0, "job_worker": False}
    own |= {"model_store": folder / "models", "export_folder": folder / "exports"}
    client = TestClient(create_app(settings.model_copy(update=own | more)), raise_server_exceptions=False)
    client.__enter__()
    with reading(client.app.state.engine) as connection:  # type: ignore[attr-defined]
        homes = dict(connection.execute(select(HOUSEHOLDS.c.household_id, HOUSEHOLDS.c.region_code)).tuples().all())
    return client, homes


def sign_in(client: TestClient, username: str) -> str:
    """Return the token of a new session."""
    client.cookies.clear()
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/sign-in").text).group(1)  # type: ignore[union-attr]
    client.post("/sign-in", data={"csrf": csrf, "username": username, "password": PASSWORD}, follow_redirects=False)
    token = client.cookies.get(get_cookie_name(client.app.state.settings))  # type: ignore[attr-defined]
    client.cookies.clear()
    return str(token)


def make_callers(client: TestClient, village: str, far: str) -> Iterator[Caller]:
    """Make 14 kinds of key and 9 accounts: of a village, its town and its county, of another village, and elsewhere."""
    engine = client.app.state.engine  # type: ignore[attr-defined]

    def make(region: str, *rights: str) -> str:
        with writing(engine) as connection:
            return create_key(connection, "everywhere", region, rights)

    whole = frozenset(RIGHTS)
    keys = [("country", "", whole), ("county", village[:6], whole), ("town", village[:9], whole)]
    keys += [("village", village, whole), ("another village", far, whole)]
    keys += [(f"village, {one}", village, frozenset((one,))) for one in RIGHTS]
    for name, region, rights in keys:
        yield Caller(name, region, rights, {"Authorization": f"Bearer {make(region, *rights)}"})
    revoked, number = make("", *RIGHTS), read_key_id(make("", *RIGHTS))
    with writing(engine) as connection:
        revoke_key(connection, read_key_id(revoked))
    for name, sent in (
        ("no key", {}),
        ("no such key", {"Authorization": "Bearer x"}),
        ("wrong secret", {"Authorization": f"Bearer rk_{number}_wrong"}),
        ("revoked", {"Authorization": f"Bearer {revoked}"}),
    ):
        yield Caller(name, None, frozenset(), sent)
    for where, (role, own) in itertools.product((village, far), ROLES.items()):
        name, region = f"{role}-{where}", where[: own.digits[-1]]
        if where == far and region != far:
            region = ELSEWHERE.ljust(len(region), "0")
        with writing(engine) as connection:
            create_user(connection, name, PASSWORD, role, region)
        token = sign_in(client, name)
        yield Caller(name, region, own.rights | own.may, {"Cookie": f"riskml_session={token}"}, token)
    with writing(engine) as connection:
        create_user(connection, "gone", PASSWORD, "county", village[:6])
    token = sign_in(client, "gone")
    with writing(engine) as connection:
        disable_user(connection, "gone")
    yield Caller("disabled account", None, frozenset(), {"Cookie": f"riskml_session={token}"}, token)


def read_text(response: httpx.Response) -> str:
    """Read all text of a response, also of workbooks and Parquet files."""
    kind = response.headers.get("content-type", "")
    if "spreadsheet" in kind:
        cells = [cell for sheet in load_workbook(io.BytesIO(response.content)) for row in sheet for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"], f"a formula in {response.url}"
        return "\n".join(str(cell.value) for cell in cells)
    return str(pq.read_table(io.BytesIO(response.content)).to_pylist()) if "parquet" in kind else response.text


def measure_access(folder: Path) -> dict[str, Any]:
    """Let every kind of caller ask every route about a household, region or job of their own, elsewhere and nowhere."""
    client, homes = start(folder)
    state = client.app.state  # type: ignore[attr-defined]
    village = min(homes.values())
    far = max(homes.values())
    near_home, far_home = (next(code for code, region in homes.items() if region == one) for one in (village, far))
    callers = list(make_callers(client, village, far))
    jobs = {}
    for region in (village, far):
        answer = client.post("/v1/batches", json={"region": region}, headers=callers[0].headers)
        jobs[answer.json()["job"]] = region
    Worker(state.engine, state.settings, lambda: state.holder.current).work_off()
    targets = {
        "household_id": {near_home: village, far_home: far, NOBODY: None},
        "job_id": {**jobs, str(uuid.uuid4()): None},
        "code": {village: village, far: far, ELSEWHERE: ELSEWHERE},
    }
    counts, shown = Counter[int](), Counter[str]()
    described = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    routes = list_endpoints((*api.ROUTERS, *web.ROUTERS))
    pages, by_key = {page.path for page in web.PAGES if page.region}, {one.path for one in list_endpoints(api.ROUTERS)}
    for caller, route in itertools.product(callers, routes):
        outside = {one for home in homes.items() if not caller.covers(home[1]) for one in home}
        for method in sorted(route.methods):
            operation = described.get(route.path, {}).get(method.lower(), {})
            example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            stated = json.dumps([example, operation.get("parameters")])
            in_path = next((one for one in targets if f"{{{one}}}" in route.path), "")
            in_body = method == "POST" and not in_path and ('"household_id"' in stated or route.path == "/clues/new")
            kind = in_path or ("household_id" if in_body else "code")
            named = kind != "code" or in_path or '"region"' in stated or (route.path in pages and method == "GET")
            for target, region in targets[kind].items():
                if in_body and region is None:
                    continue
                path = re.sub(r"{\w+}", "1", route.path.replace(f"{{{kind}}}", target))
                path += "" if in_path else f"?region={target}"
                allowed = caller.covers(region)
                body = make_body(caller, example, target if kind == "household_id" else near_home, region, target)
                if route.path == "/sign-out" or (route.path.endswith("/closure") and allowed):
                    body = {"json": {}}  # the next requests need the session and the household
                response = client.request(method, path, headers=caller.headers, follow_redirects=False, **body)
                counts[response.status_code] += 1
                where = f"{caller.name}: {method} {path} gave {response.status_code}"
                assert response.status_code < 500, where
                read = set(re.findall(r"[\w-]+", read_text(response))) & outside - {target, near_home, region}
                assert not read, f"{where} and names {read}"
                away = response.status_code >= 400 or "/sign-in" in response.headers.get("location", "")
                known = caller.region is not None and bool(caller.token) != (route.path in by_key)
                if route.path not in OPEN and (not known or (named and not allowed)):
                    assert away, where
                elif not away:
                    shown[caller.name] += 1
    client.__exit__(None, None, None)
    keys = sum(not caller.token for caller in callers)
    return {
        "requests": counts.total(),
        "routes": len(routes),
        "kinds_of_key": keys,
        "accounts": len(callers) - keys,
        "statuses": dict(sorted(counts.items())),
        "answered": dict(shown),
    }


def make_body(caller: Caller, example: Any, home: str, region: str | None, target: str) -> dict[str, Any]:
    """Make the body of a request: the example of an operation about a household, or else fields as forms have them."""
    if example:
        text = re.sub(r'"household_id": "[^"]*"', f'"household_id": "{home}"', json.dumps(example))
        text = re.sub(r'"region_code": "\d+"', f'"region_code": "{region}"', text)
        return {"json": json.loads(re.sub(r'"region": "\d+"', f'"region": "{target}"', text))}
    csrf = derive_form_token(caller.token) if caller.token else "x"
    return {"data": {"csrf": csrf, "once": uuid.uuid4().hex, "household_id": home, "region": target, "what": "report"}}


MARK = "zq-zq"
SCRIPTS = (
    "<script>alert('zq-zq')</script>",
    '"><img src=x onerror=alert("zq-zq")>',
    "' onmouseover='alert(/zq-zq/)",
    "</textarea></title></style><svg onload=alert(`zq-zq`)>",
    "<!-- zq-zq --><a href=javascript:alert(1)>zq-zq</a>",
    "{{7*7}}{% zq-zq %}${7*7}",
    '=HYPERLINK("http://zq-zq.example","zq-zq")',
    "＝1+zq-zq\u202e\u2028]]>",
)
"""Texts that would become part of a page's program, or a formula, if they were not escaped; each names itself."""


class Page(HTMLParser):
    """Reads a page and stops where text has become a tag, an attribute, an address or a part of a script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = ""
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        assert MARK not in tag + "".join(names), tag
        assert not [name for name in names if name.startswith("on") or name == "srcdoc"], (tag, attrs)
        links = [value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")]
        assert all(link.startswith(("/", "#", "?", "data:", "tel:")) for link in links), links
        self.seen += sum(MARK in (value or "") for _, value in attrs)
        self.inside = tag if tag in ("script", "style") else ""

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        assert not (self.inside and MARK in data), (self.inside, data[:300])
        self.seen += MARK in data

    def handle_comment(self, data: str) -> None:
        assert MARK not in data


def measure_hostile(folder: Path) -> dict[str, Any]:
    """Put hostile text wherever the service takes text, then open every page and workbook in both languages."""
    add_key(folder / "identity.key")
    client, homes = start(folder, identity_key=folder / "identity.key")
    state, village = client.app.state, min(homes.values())  # type: ignore[attr-defined]
    codes = [code for code, region in sorted(homes.items()) if region == village][: len(SCRIPTS)]
    codes += [text.replace("/", "") for text in SCRIPTS]
    users = {}
    with writing(state.engine) as connection:
        key = {"Authorization": f"Bearer {create_key(connection, SCRIPTS[0], '', RIGHTS)}"}
        for (role, own), text in zip(ROLES.items(), SCRIPTS, strict=False):
            create_user(connection, f"{role}-zq", PASSWORD, role, village[: own.digits[-1]], name=text[:60],
                        health_details=True, identity=True)  # fmt: skip
        persons = [
            Person(
                f"zq{i}", code, name=text, relation="户主", town=text, village=text, phone=text, group=text, door=text
            )
            for i, (code, text) in enumerate(zip(codes, SCRIPTS * 2, strict=True))
        ]
        keep_persons(connection, state.identity, persons)
    county = sign_in(client, "county-zq")
    cookie = {"Cookie": f"riskml_session={county}"}
    taken = Counter[int]()
    for code, text in zip(codes, SCRIPTS * 2, strict=True):
        home = f"/v1/households/{quote(code, safe='')}"
        rows = {"households": [{"household_id": code, "region_code": village, "size": 2, "roof": text}]}
        rows["help"] = [{"household_id": code, "started_on": "2023-05-01", "measure": text}]
        rows["illness"] = [{"household_id": code, "occurred_on": "2023-05-01", "kind": "inpatient", "cost": 90000.0}]
        clue = {"household_id": code, "what": "job_loss", "channel": "hotline", "told_by": text, "note": text}
        finding = {"outcome": "confirmed", "category": "borderline", "causes": ["illness"], "note": text}
        for path, body in (
            ("/v1/records", {"tables": rows}),
            (f"{home}/verifications", {**finding, "measures": [text]}),
            (f"{home}/help", {"measure": text, "given_by": text, "started_on": "2023-05-01"}),
            ("/v1/clues", clue),
            ("/v1/clues", {"unlisted": {"village": village, "name": text}, "what": "report", "channel": "hotline"}),
        ):
            taken[client.post(path, json=body, headers=key).status_code] += 1
        form = {"csrf": derive_form_token(county), "once": uuid.uuid4().hex, "assignee": text, "handover": text}
        path = f"{home.removeprefix('/v1')}/assignments"
        taken[client.post(path, data=form, headers=cookie, follow_redirects=False).status_code] += 1
    pages, seen, words = 0, 0, [urlencode(dict.fromkeys(QUERY, text)) for text in SCRIPTS]
    for role, lang in itertools.product(ROLES, ("zh", "en")):
        users[role] = users.get(role) or sign_in(client, f"{role}-zq")
        headers = {"Cookie": f"riskml_session={users[role]}; riskml_lang={lang}"}
        for path in list_paths(codes, words):
            response = client.get(path, headers=headers, follow_redirects=False)
            assert response.status_code < 500, (path, response.status_code)
            text, page = read_text(response), Page()
            if "html" in response.headers.get("content-type", ""):
                page.feed(text)
                page.close()
            pages += 1
            seen += bool(page.seen) or ("spreadsheet" in response.headers.get("content-type", "") and MARK in text)
    client.__exit__(None, None, None)
    return {"taken": dict(sorted(taken.items())), "pages": pages, "with_hostile_text": seen}


QUERY = ("q", "region", "state", "section", "cause", "done", "refused", "back", "step", "id", "village", "page")
"""Parameters of pages."""


def list_paths(codes: Iterable[str], words: Iterable[str]) -> Iterator[str]:
    """List every page, about every household, and with every hostile query."""
    for page in web.PAGES:
        homes = [quote(code, safe="") for code in codes] if "{household_id}" in page.path else [""]
        for home in homes:
            yield from page.list_addresses(home)
        yield from (f"{page.path.format(household_id=homes[0])}?{query}" for query in words)


MEASUREMENTS: dict[str, Callable[[Path], dict[str, Any]]] = {"access": measure_access, "hostile": measure_hostile}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=MEASUREMENTS)
    with tempfile.TemporaryDirectory() as name:
        figures = MEASUREMENTS[parser.parse_args().what](Path(name))
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
