"""Every declared page obeys the rules on roles, audit, region, size, notice, picture and docs; undeclared pages are
refused."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import APIRouter
from openpyxl import load_workbook
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from riskml_serving.base.database import reading
from riskml_serving.devtools.page_times import list_addresses
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.audit.pseudonyms import SHORT, read_pseudonym
from riskml_serving.web.router import OPEN_TO_ALL, PAGES, ROUTERS
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter, require_declared
from riskml_serving.web.shell.visitor import SignedIn

DOCS = Path(__file__).parents[3] / "docs"
GUIDE, GALLERY = DOCS / "serving" / "pages.md", DOCS / "gallery" / "README.md"
BEGIN, END = "<!-- generated from the declared pages: begin -->\n", "<!-- generated from the declared pages: end -->\n"
NOTICE = {"zh": "仅供研判参考，不作为认定依据", "en": "For guidance only"}


def read_text(answer):
    """Read the text of a page, or the text in a workbook's cells."""
    if "spreadsheet" not in answer.headers["content-type"]:
        return re.sub(r'<span class="day">([\d-]+)</span>', r"\1", answer.text)  # a day that no line break divides
    book = load_workbook(io.BytesIO(answer.content))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)


def open_page(site, page, role):
    """Sign in and open a page's example addresses; return the responses."""
    site.client.cookies.clear()
    site.sign_in(role)
    household = site.households(site.world.regions[role])[0]
    return [site.get(address) for address in page.list_addresses(household)]


def check_roles(site, page):
    for code, role in ROLES.items():
        status = 200 if page.right in role.may | role.rights else 403
        assert {answer.status_code for answer in open_page(site, page, code)} == {status}, (page.path, code)
        if page.menu:
            menu = site.get("/worklist").text.partition("</nav>")[0]
            assert (f'<a href="{page.path}"' in menu) == (status == 200), (page.path, code)


def check_audit(site, page):
    """Check that opening a page leaves an audit entry with its action, about every household that it names."""
    with reading(site.engine) as connection:
        codes = {read_pseudonym(connection, code)[:SHORT]: code for code in site.households("")}
    for answer in open_page(site, page, "county"):
        about = "coalesce(households, substr(household_id, 1, 32), '')"
        query = f"SELECT action, {about} FROM audit WHERE request_id = :r"
        rows = site.rows(query, r=answer.headers["x-request-id"])
        assert {row[0] for row in rows} == {page.action}, answer.url
        read = read_text(answer)
        shown = {code for code in codes.values() if code in read}
        assert shown <= {codes[one] for row in rows for one in row[1].split()}, (
            f"{answer.url} names households not in the audit log"
        )


def check_region(site, page):
    """Check that a user in a village learns nothing about households or regions elsewhere."""
    own = site.world.regions["village"]
    outside = [code for code in site.households("") if code not in site.households(own)]
    for answer in open_page(site, page, "village"):
        read = read_text(answer)
        assert not [code for code in outside if code in read], answer.url
    if "{household_id}" in page.path:
        assert site.get(page.list_addresses(outside[0])[0]).status_code == 404, page.path
        assert site.actions()[-1] == "household.refused"
    if page.region:
        assert site.get(f"{page.path}?region={own[:9]}").status_code == 404, page.path
        assert site.actions()[-1] == "region.refused"


def check_workbook(answer):
    """Check that a workbook's file says what it shows, where and when, and that no day is cut off or scrolls away."""
    name = unquote(answer.headers["content-disposition"].partition("filename*=UTF-8''")[2])
    assert re.fullmatch(r"[^-]+-[^-]+-(.+-)?\d{4}-\d\d-\d\d\.xlsx", name), name
    for sheet in load_workbook(io.BytesIO(answer.content)):
        assert sheet.freeze_panes == "A3"
        for cell in (cell for row in sheet.iter_rows(min_row=2) for cell in row if isinstance(cell.value, dt.date)):
            assert sheet.column_dimensions[cell.column_letter].width >= len("2024-12-31") + 1


def check_strict(site, page):
    """Check that a page is small, allows no content from other sites, and may not be cached."""
    aside = sum(len(site.get(f"/static/{name}").content) for name in ("style.css", "form.js"))
    for answer in open_page(site, page, "county"):
        assert len(answer.content) + (0 if page.workbook else aside) < page.max_bytes, page.path
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        if page.workbook:
            check_workbook(answer)
        if page.workbook or "sandbox" in policy:  # the report is tested in test_model_report.py
            continue
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", answer.text), page.path
        sources = re.findall(r'(?:src|href)="([^"#?]+)', answer.text)
        assert [source for source in sources if not source.startswith(("/", "data:"))] == []


def check_notice(site, page):
    for lang, simulated in (("zh", "模拟"), ("en", "imulated")):
        for address in [answer.url.raw_path.decode() for answer in open_page(site, page, "county")]:
            site.get(f"/language/{lang}?back=/sign-in")
            text = read_text(site.get(address))
            assert NOTICE[lang] in text, address
            assert simulated in text, address
            assert "导致" not in text, address


def regenerate_guide(text, pages):
    """Return the guide with its table regenerated for these pages."""
    rows = [
        f"| {page.zh} · {page.en} | `{page.path}` | {page.purpose} | `{page.right}` | `{page.action}` |\n"
        for page in pages
    ]
    head = "| page | address | purpose | right | audit action |\n|---|---|---|---|---|\n"
    return replace_table(text, head + "".join(rows))


def regenerate_gallery(text, pages):
    """Return the gallery with its list of pictures regenerated for these pages."""
    names = ["sign-in", *(page.name for page in pages if not page.workbook), "verified"]
    rows = [f"| ![{name}](desk-{name}.png) | ![{name}](phone-{name}.png) |\n" for name in names]
    head = "| desktop, county manager | phone (360 px), village grid worker |\n|---|---|\n"
    return replace_table(text, head + "".join(rows))


def replace_table(text, table):
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table + END + rest.partition(END)[2]


def require_pictures(text):
    """Fail if the gallery shows a picture that does not exist; `make docs` does not take pictures."""
    missing = [name for name in re.findall(r"\]\(([\w-]+\.png)\)", text) if not (GALLERY.parent / name).exists()]
    assert not missing, f"The gallery lacks {', '.join(missing)}: run `riskml-serving gallery demo`"


@pytest.mark.parametrize("check", [check_roles, check_audit, check_region, check_strict, check_notice])
def test_every_page_passes_all_checks(site, check):
    for page in PAGES:
        check(site, page)


def test_the_guide_lists_every_page(golden):
    golden(GUIDE, regenerate_guide(GUIDE.read_text(encoding="utf-8"), PAGES))


def test_the_gallery_shows_every_page(golden):
    golden(GALLERY, regenerate_gallery(GALLERY.read_text(encoding="utf-8"), PAGES))


def test_every_picture_in_the_gallery_exists():
    require_pictures(GALLERY.read_text(encoding="utf-8"))


def test_page_names_and_addresses_are_unique():
    assert len({page.name for page in PAGES}) == len({page.path for page in PAGES}) == len(PAGES)


VISITS = Page(name="visits", path="/visits", zh="走访", en="Visits", purpose="visits", action="visits.read")


def serve(site, page, text, household_ids=None):
    """Declare a page while the service runs."""
    router = PageRouter()

    @router.page(page)
    async def visits(request: SignedIn) -> View:
        return View(HTMLResponse(text), household_ids)

    site.client.app.include_router(router)


def test_an_undeclared_address_prevents_startup():
    for router in (APIRouter(), PageRouter()):

        @router.get("/visits")
        async def visits() -> Response:
            return HTMLResponse("")

        with pytest.raises(TypeError, match="GET /visits is not a declared page"):
            require_declared((*ROUTERS, router), OPEN_TO_ALL)


def test_a_page_without_an_audit_entry_prevents_startup():
    router = PageRouter()

    async def without_view(request: SignedIn) -> Response:
        return HTMLResponse("")

    async def without_visitor(request: Request) -> View:
        return View(HTMLResponse(""))

    for endpoint in (without_view, without_visitor):
        with pytest.raises(TypeError, match="The endpoint of /visits must take request: SignedIn, and return a View"):
            router.page(VISITS)(endpoint)


def test_declaring_a_page_is_enough_to_have_it_tested_timed_and_required_in_the_docs(site):
    serve(site, VISITS, NOTICE["zh"] + NOTICE["en"] + "模拟 simulated")
    for check in (check_roles, check_audit, check_region, check_strict, check_notice):
        check(site, VISITS)
    assert list_addresses([VISITS], []) == {VISITS: ["/visits"] * 4}
    for document, renew in ((GUIDE, regenerate_guide), (GALLERY, regenerate_gallery)):
        text = document.read_text(encoding="utf-8")
        assert renew(text, PAGES) == text
        assert renew(text, [*PAGES, VISITS]) != text, f"{document.name} must list every declared page"
    with pytest.raises(AssertionError, match=r"desk-visits\.png, phone-visits\.png: run `riskml-serving gallery demo`"):
        require_pictures(regenerate_gallery(text, [VISITS]))


def test_a_new_page_is_denied_to_roles_without_its_right(site):
    page = replace(VISITS, right="releases")
    serve(site, page, "")
    check_roles(site, page)
    assert [open_page(site, page, role)[0].status_code for role in ROLES] == [403, 403, 200, 200]


@pytest.mark.parametrize(("check", "declared", "names"), [
    (check_audit, {}, True), (check_region, {}, True), (check_region, {"region": True}, False),
    (check_strict, {"max_bytes": 10}, False), (check_strict, {}, "<script>"), (check_notice, {}, False),
])  # fmt: skip
def test_declaring_a_page_is_enough_to_detect_a_broken_rule(site, check, declared, names):
    page = replace(VISITS, **declared)
    serve(site, page, " ".join(site.households("")) if names is True else str(names))
    with pytest.raises(AssertionError):
        check(site, page)


@pytest.mark.parametrize(("households", "household_ids"), [(True, None), (False, ["h1"])])
def test_a_page_that_does_not_declare_the_households_it_names_is_never_shown(site, households, household_ids):
    page = replace(VISITS, households=households)
    serve(site, page, "secret", household_ids)
    (answer,) = open_page(site, page, "county")
    assert answer.status_code == 500
    assert "secret" not in answer.text
