"""Names, ID numbers and telephones are shown to accounts with the right to them, in their region, and nowhere else."""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from openpyxl import load_workbook
from tests.serving.conftest import PASSWORD

from riskml.errors import UsageError
from riskml.lists.outcomes import Fact
from riskml.records.contract.personal import compute_check_digit
from riskml_serving.api.routers import ANSWERS
from riskml_serving.base.database import writing
from riskml_serving.desk.repository import write_facts
from riskml_serving.operations.logs import JsonLines
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.accounts.service import create_user
from riskml_serving.people.auth.oidc import _resolve_rights
from riskml_serving.people.auth.service import create_key
from riskml_serving.register.keys import add_key
from riskml_serving.register.service import Person, keep_persons
from riskml_serving.web.router import PAGES

CAR = "五菱荣光小型面包车"
FAMILY, FIRST_NAMES = "王李张刘陈杨黄赵吴周", "秀桂玉淑凤春金宝文志"


def invent(code, number):
    """Invent the head and the wife of a household."""
    first, other = f"990101197{number % 10}0101{number:03}", f"990101197{number % 10}0101{number + 500:03}"
    name = FAMILY[number % 10] + FIRST_NAMES[number // 10 % 10] + FIRST_NAMES[number // 100] + "麒"
    head = Person(f"{code}-head", code, name=name, id_number=first + compute_check_digit(first), relation="户主",
                  birth_date=dt.date(1970 + number % 10, 1, 1), phone=f"1008{number:07}", group=f"{number}组",
                  door=f"{number}号")  # fmt: skip
    wife = Person(f"{code}-wife", code, name=f"{name[1:]}麟", relation="配偶", phone=f"1009{number:07}",
                  id_number=other + compute_check_digit(other))  # fmt: skip
    return [head, wife]


@pytest.fixture
def named_site(make_site, tmp_path):
    """A site that knows two persons of every household; `county-names` and `village-names` may see them."""
    add_key(tmp_path / "identity.key")
    site = make_site(identity_key=tmp_path / "identity.key")
    site.persons = {code: invent(code, number) for number, code in enumerate(site.households(""))}
    with writing(site.engine) as connection:
        keys = site.client.app.state.identity
        keep_persons(connection, keys, [person for home in site.persons.values() for person in home])
        for code in site.persons:
            fact = Fact(code, f"{code}-head", "vehicle", CAR, None, dt.date(2023, 5, 1), "车管所.csv")
            write_facts(connection, keys, "delivery", [fact])
        for role in ("county", "village"):
            region = site.world.regions[role]
            create_user(connection, f"{role}-names", PASSWORD, role, region, identity=True)
    return site


def list_secrets(homes):
    persons = [person for home in homes for person in home]
    return {text for one in persons for text in (one.name, one.id_number, one.phone, one.id_number[-12:])}


def read_cells(answer):
    book = load_workbook(io.BytesIO(answer.content))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)


def read_text(answer):
    return read_cells(answer) if "spreadsheet" in answer.headers.get("content-type", "") else answer.text


def open_pages(site, account, household):
    site.client.cookies.clear()
    site.sign_in(account)
    return {address: site.get(address) for page in PAGES for address in page.list_addresses(household)}


def search(site, text, **fields):
    csrf = site.token(site.get("/worklist").text)
    return site.post("/worklist", csrf=csrf, q=text, **fields)


def list_shown(page):
    return set(re.findall(r'href="/households/([^"/?]+)"', page))


def test_the_right_shows_heads_with_their_group_door_and_telephone_in_the_own_region_only(named_site):
    own = named_site.households(named_site.world.regions["village"])
    head, wife = named_site.persons[own[0]]
    for account, region in (("county-names", "county"), ("village-names", "village")):
        pages = {address: read_text(page) for address, page in open_pages(named_site, account, own[0]).items()}
        for address in (f"/households/{own[0]}", f"/households/{own[0]}/export.xlsx", "/worklist.xlsx?state=all"):
            assert all(value in pages[address] for value in (head.name, head.group, head.door, head.phone)), address
            assert "虚构" in pages[address]
        assert CAR in pages[f"/households/{own[0]}"]
        assert f'href="tel:{head.phone}"' in pages[f"/households/{own[0]}"]
        listed = pages["/worklist"]
        assert list_shown(listed)
        assert all(named_site.persons[code][0].name in listed for code in list_shown(listed))
        here = named_site.households(named_site.world.regions[region])
        hidden = list_secrets(home for code, home in named_site.persons.items() if code not in here)
        hidden |= list_secrets([[head, wife]]) - {head.name, head.phone}
        assert not [(address, text) for address, page in pages.items() for text in hidden if text in page]


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("10081234567/10097654321", ["10081234567", "10097654321"]),
        ("10081234567 10097654321", ["10081234567", "10097654321"]),
        ("100 8123 4567", ["10081234567"]),
        ("100****4567", []),
    ],
)
def test_each_telephone_of_a_cell_can_be_called(named_site, cell, numbers):
    code = named_site.households(named_site.world.regions["village"])[0]
    with writing(named_site.engine) as connection:
        keep_persons(
            connection, named_site.client.app.state.identity, [replace(named_site.persons[code][0], phone=cell)]
        )
    named_site.sign_in("village-names")
    page = named_site.get(f"/households/{code}").text
    assert re.findall(r'href="tel:([^"]*)"', page) == numbers
    assert bool(numbers) or cell in page


def test_each_view_of_names_is_audited_for_each_household(named_site):
    code = named_site.households(named_site.world.regions["village"])[0]
    for account, detail in (("county-names", '"names": 1'), ("county", "")):
        named_site.client.cookies.clear()
        named_site.sign_in(account)
        number = named_site.get(f"/households/{code}").headers["x-request-id"]
        ((actor, text, hashed),) = named_site.rows(
            "SELECT actor, detail, household_id FROM audit WHERE request_id = :r", r=number
        )
        assert (actor, '"names"' in text) == (f"user:{account}", bool(detail))
        assert detail in text
        assert len(hashed) == 64
    named_site.sign_in("county-names")
    page = named_site.get("/worklist")
    query = "SELECT households, detail FROM audit WHERE request_id = :r"
    ((hashes, text),) = named_site.rows(query, r=page.headers["x-request-id"])
    assert len(hashes.split()) == len(list_shown(page.text))
    assert f'"names": {len(hashes.split())}' in text


def test_a_search_finds_by_name_and_number_in_the_region_and_leaves_no_name_in_the_address(named_site):
    own = named_site.households(named_site.world.regions["village"])
    far = next(code for code in named_site.persons if code not in own)
    head, wife = named_site.persons[own[0]]
    named_site.sign_in("village-names")
    for text in (head.name, wife.name, head.name[1:3], wife.id_number, head.id_number[-4:], own[0], own[0][-4:]):
        answer = search(named_site, text, signal="", week="7")
        address = urlsplit(answer.headers["location"])
        assert (answer.status_code, address.path) == (303, "/worklist")
        assert set(parse_qs(address.query)) == {"q", "week"}
        assert text not in answer.headers["location"]
        page = named_site.get(answer.headers["location"]).text
        assert own[0] in list_shown(page), text
        assert list_shown(page) <= set(own)
        assert f'value="{text}"' in page
        export = re.search(r'href="(/worklist\.xlsx\?[^"]+)"', page).group(1).replace("&amp;", "&")
        assert own[0] in read_cells(named_site.get(export))
        assert not [secret for secret in list_secrets([[head, wife]]) if secret in export]
    page = named_site.get(search(named_site, named_site.persons[far][0].name).headers["location"]).text
    assert list_shown(page) == set()
    assert "相符" in page


def test_an_encrypted_search_works_only_for_the_account_that_sent_it(named_site):
    code = named_site.households(named_site.world.regions["village"])[0]
    named_site.sign_in("county-names")
    address = search(named_site, named_site.persons[code][0].name).headers["location"]
    assert list_shown(named_site.get(address).text) == {code}
    for account in ("village-names", "county"):
        named_site.client.cookies.clear()
        named_site.sign_in(account)
        assert list_shown(named_site.get(address).text) == set()


def test_no_account_without_the_right_sees_anything_on_any_page_export_endpoint_error_or_log(named_site, caplog):
    """Without the right, every page of every role and every endpoint is as without a register."""
    caplog.set_level(logging.DEBUG)
    secrets = list_secrets(named_site.persons.values()) | {CAR}
    code = named_site.households(named_site.world.regions["village"])[0]
    head = named_site.persons[code][0]
    texts = {}
    open_pages(named_site, "county-names", code)  # what they do may not be logged, counted or audited with names
    named_site.get(search(named_site, head.name).headers["location"])
    for role in (*ROLES, "blind"):
        texts |= {(role, address): read_text(page) for address, page in open_pages(named_site, role, code).items()}
        for text in (head.name, head.id_number):
            page = named_site.get(f"/worklist?q={text}").text
            assert list_shown(page) == set()
            texts[role, "search"] = page.replace(text, "")
        texts[role, "post"] = search(named_site, code).headers["location"]
        assert "~" not in texts[role, "post"]
        texts[role, "lost"] = named_site.get("/households/none").text
    with writing(named_site.engine) as connection:
        rights = ("score", "read", "write", "health-details", "admin")
        headers = {"Authorization": f"Bearer {create_key(connection, 'key', '', rights)}"}
    bodies = {
        "/v1/scores": {"tables": {"members": [{"household_id": code, "name": head.name, "member_id": head.phone}]}}
    }
    for method, path in sorted(ANSWERS, reverse=True):
        if not path.endswith("/closure"):
            where = path.format(household_id=code, code=named_site.world.regions["county"], job_id="1")
            texts[method, path] = named_site.client.request(
                method, where, json=bodies.get(path, {}), headers=headers
            ).text
    texts["metrics"] = named_site.client.get("/metrics", headers=headers).text
    texts["readyz"] = named_site.client.get("/readyz").text
    texts["audit"] = repr(named_site.rows("SELECT * FROM audit"))
    texts["logs"] = "\n".join(JsonLines().format(record) for record in caplog.records)
    leaks = [(where, secret) for where, text in texts.items() for secret in secrets if secret in text]
    assert leaks == []
    assert '"identity":"on"' in texts["readyz"]


def test_no_file_of_the_service_contains_a_name_a_number_or_a_telephone(named_site, tmp_path):
    named_site.sign_in("county-names")
    search(named_site, next(iter(named_site.persons.values()))[0].name)
    secrets = [text.encode() for text in list_secrets(named_site.persons.values())]
    for path in filter(lambda path: path.is_file(), tmp_path.rglob("*")):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content], path


def test_without_a_key_or_with_another_one_pages_show_codes(make_site, named_site, tmp_path):
    code = named_site.households(named_site.world.regions["village"])[0]
    name = named_site.persons[code][0].name
    used = named_site.client.app.state.identity.current
    add_key(tmp_path / "other.key")
    for settings, state in (({}, "off"), ({"identity_key": tmp_path / "other.key"}, "on")):
        site = make_site(**settings)
        assert site.client.get("/readyz").status_code == 200
        ready = site.client.get("/readyz").json()
        assert (ready["identity"], ready["identity_keys_missing"]) == (state, [used])
        site.sign_in("county-names")
        for address in ("/worklist?state=all", f"/households/{code}", "/worklist.xlsx"):
            answer = site.get(address)
            assert answer.status_code == 200
            read = read_text(answer)
            assert not [text for text in (name, CAR) if text in read]
            assert ("缺少解密所需的身份密钥" in read) == (state == "on"), address
        if state == "on":
            assert "缺少解密所需的身份密钥" in site.get(search(site, name[:2]).headers["location"]).text


def test_neither_keys_nor_bearer_tokens_can_have_the_right():
    with pytest.raises(UsageError, match="No such right: identity"):
        create_key(None, "key", "", ["read", "identity"])
    assert _resolve_rights(["read", "identity", "staff"], {"staff": "identity score"}) == {"read", "score"}
