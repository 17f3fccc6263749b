"""Persons are stored encrypted, bound to their place, found by keyed hashes, and follow their households."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import Date, Integer, LargeBinary, String, insert, select
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.database import METADATA, reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands import keys
from riskml_serving.desk.service import rotate_desk
from riskml_serving.desk.tables import ENCRYPTED
from riskml_serving.operations.retention.service import forget
from riskml_serving.register.keys import IdentityKeys, LostKeyError, add_key, read_keys
from riskml_serving.register.repository import list_key_ids
from riskml_serving.register.service import (
    Person,
    find_households_by_person,
    follow_members,
    keep_persons,
    read_persons,
    rotate_persons,
)
from riskml_serving.register.tables import PERSONS
from riskml_serving.store.households.repository import add_households, close_household

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = IdentityKeys([OLD])

HEAD = Person(
    "p1", "h1", dt.date(2024, 3, 1), "王宝明", "990101198001010014", "m", dt.date(1980, 1, 1), "户主",
    "石桥镇", "东风村", "990101101201", "10012345678", "3组", "12号",
)  # fmt: skip
WIFE = replace(HEAD, person_id="p2", name="李秀英", id_number="990101198203040027", sex="f", relation="配偶", phone="")
FATHER = replace(HEAD, person_id="p3", name="王有根", id_number="", relation="之父", birth_date=dt.date(1950, 5, 5))
NEIGHBOUR = replace(HEAD, person_id="p4", household_id="h2", name="王宝国", id_number="99010119710101005X")
STRANGER = replace(HEAD, person_id="p5", household_id="far", name="王宝明", village_code="990102101201")
EVERYBODY = [FATHER, WIFE, HEAD, NEIGHBOUR, STRANGER]


@pytest.fixture
def kept(engine):
    """A database with three households, two of them in one village, and their persons."""
    homes = {"h1": "990101101201", "h2": "990101101201", "h3": "990101101202", "far": "990102101201"}
    with writing(engine) as connection:
        new = {"known_tables": "", "opened_on": dt.date(2024, 1, 1)}
        add_households(connection, [{"household_id": c, "region_code": r, **new} for c, r in homes.items()])
        assert keep_persons(connection, KEYS, EVERYBODY) == 5
    return engine


def find(engine, text, region="990101", keys=KEYS):
    with reading(engine) as connection:
        return find_households_by_person(connection, keys, region, text)


def read(engine, *codes, keys=KEYS):
    with reading(engine) as connection:
        return read_persons(connection, keys, codes)


def test_persons_come_back_as_they_were_kept_the_head_first(kept):
    assert read(kept, "h1", "h2", "none") == {"h1": [HEAD, FATHER, WIFE], "h2": [NEIGHBOUR]}


def test_nothing_in_the_table_reads_as_a_name_a_number_or_a_telephone(kept):
    with reading(kept) as connection:
        rows = [dict(row) for row in connection.execute(select(PERSONS)).mappings()]
    stored = repr(rows).encode() + b"".join(row["name"] + row["details"] for row in rows)
    for person in EVERYBODY:
        for text in filter(None, (person.name, person.id_number, person.phone, person.door, person.village)):
            assert text.encode() not in stored
    assert len({row["name"] for row in rows}) == len(rows)  # including the two people of the same name


SEARCHES = {
    "王宝明": ["h1"], " 王 宝 明 ": ["h1"], "李秀英": ["h1"], "王宝": ["h1", "h2"], "宝国": ["h2"],
    "990101198001010014": ["h1"], "990101800101001": ["h1"], "0014": ["h1"], NEIGHBOUR.id_number[-4:].lower(): ["h2"],
    "001": [], "1001": [], "赵": [], "": [], "h1": [], "*": [], "990101": [],
}  # fmt: skip


def test_households_are_found_by_name_part_of_a_name_number_and_its_last_four_characters(kept):
    assert {text: find(kept, text) for text in SEARCHES} == SEARCHES


def test_a_search_stays_in_the_region(kept):
    assert find(kept, "王宝明", "") == ["far", "h1"]
    assert find(kept, "王宝明", "990102101201") == ["far"]
    assert find(kept, "宝明", "990101101202") == []


def test_who_is_kept_again_lives_in_the_new_household(kept):
    with writing(kept) as connection:
        keep_persons(connection, KEYS, [replace(WIFE, household_id="h3", name="李秀英", phone="10087654321")])
    assert [person.name for person in read(kept, "h1")["h1"]] == ["王宝明", "王有根"]
    assert read(kept, "h3")["h3"][0].phone == "10087654321"


def test_who_has_left_comes_last_and_is_not_found(kept):
    with writing(kept) as connection:
        keep_persons(connection, KEYS, [replace(HEAD, left_on=dt.date(2024, 5, 1))])
    assert [person.person_id for person in read(kept, "h1")["h1"]] == ["p3", "p2", "p1"]
    assert find(kept, "0014") == []


def close(engine, code, *followers):
    with writing(engine) as connection:
        close_household(connection, code, "", dt.date(2024, 6, 1), "split", ";".join(followers))


def follow(engine, *rows):
    with writing(engine) as connection:
        for member_id, household_id, *left_on in rows:
            row = {"member_id": member_id, "household_id": household_id, "left_on": left_on[0] if left_on else None}
            follow_members(connection, [row])


def test_persons_follow_their_member_records_only_to_successors_of_a_closed_household(kept):
    follow(kept, ("p1", "h2"), ("unknown", "h2"))
    assert "p1" in {person.person_id for person in read(kept, "h1")["h1"]}
    close(kept, "h1", "h3")
    follow(kept, ("p1", "far"), ("p2", "h3"))
    assert {person.person_id for person in read(kept, "h1")["h1"]} == {"p1", "p3"}
    assert [person.person_id for person in read(kept, "h3")["h3"]] == ["p2"]


def test_a_person_of_a_household_that_is_not_in_the_register_of_households_stays(kept):
    with writing(kept) as connection:
        keep_persons(connection, KEYS, [replace(HEAD, household_id="gone")])
    follow(kept, ("p1", "h2"))
    assert read(kept, "gone")["gone"][0].person_id == "p1"


def test_a_member_record_with_a_day_of_leaving_ends_the_membership(kept):
    follow(kept, ("p1", "h1", dt.date(2024, 5, 1)), ("p4", "h1", dt.date(2024, 5, 1)))
    assert [person.left_on for person in read(kept, "h1")["h1"]] == [None, None, dt.date(2024, 5, 1)]
    assert read(kept, "h2")["h2"] == [NEIGHBOUR]


def test_forgetting_a_household_deletes_its_persons(kept):
    with writing(kept) as connection:
        assert forget(connection, "h1")["persons"] == 3
    assert read(kept, "h1", "h2") == {"h2": [NEIGHBOUR]}


def test_rotation_continues_where_it_stopped_and_search_works_meanwhile(kept, monkeypatch):
    both = IdentityKeys([NEW, OLD])
    monkeypatch.setattr("riskml_serving.register.service.BATCH", 2)
    real, calls = keep_persons, []

    def stop_at_second(*named):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*named)

    with monkeypatch.context() as patch:
        patch.setattr("riskml_serving.register.service.keep_persons", stop_at_second)
        with pytest.raises(KeyboardInterrupt):
            rotate_persons(kept, both)
    assert find(kept, "王宝", keys=both) == ["h1", "h2"]
    assert find(kept, "王宝明", "", keys=both) == ["far", "h1"]
    assert rotate_persons(kept, both) == 3
    assert rotate_persons(kept, both) == 0
    alone = IdentityKeys([NEW])
    assert read(kept, "h1", "h2", keys=alone) == read(kept, "h1", "h2", keys=both)
    assert read(kept, "h1", keys=alone)["h1"] == [HEAD, FATHER, WIFE]
    assert find(kept, "0014", keys=alone) == ["h1"]


def test_rotation_reaches_every_table_with_encrypted_content(kept):
    binary = {table.name for table in METADATA.tables.values()
              for column in table.columns if isinstance(column.type, LargeBinary)}  # fmt: skip
    plain, rotated = {"job_parts", "import_parts"}, {table.name for table in ENCRYPTED}
    assert binary == plain | rotated | {"persons"}, "is the new column encrypted, and rotated?"
    examples, text = {Date: dt.date(2024, 1, 1), Integer: 1, String: "a"}, b'{"words": {}, "what": "van"}'
    with writing(kept) as connection:
        for table in ENCRYPTED:
            row = {c.name: next(v for kind, v in examples.items() if isinstance(c.type, kind))
                   for c in table.columns if not isinstance(c.type, LargeBinary)}  # fmt: skip
            key = [str(row[column.name]) for column in table.primary_key]
            connection.execute(insert(table).values(**row, content=KEYS.encrypt(text, table.name, *key)))
    both, alone = IdentityKeys([NEW, OLD]), IdentityKeys([NEW])
    assert [rotate_desk(kept, both) for _ in range(2)] == [len(ENCRYPTED), 0]
    for table in ENCRYPTED:
        with reading(kept) as connection:
            row = connection.execute(select(table)).mappings().one()
        key = [str(row[column.name]) for column in table.primary_key]
        assert alone.decrypt(row["content"], table.name, *key) == text


def test_a_lost_key_is_named_and_what_is_moved_or_altered_is_refused(kept):
    with pytest.raises(LostKeyError, match=f"identity key {KEYS.current} is missing"):
        read(kept, "h1", keys=IdentityKeys([NEW]))
    with pytest.raises(LostKeyError, match="is missing"):
        rotate_persons(kept, IdentityKeys([NEW]))
    with reading(kept) as connection:
        name = connection.execute(select(PERSONS.c.name).where(PERSONS.c.person_id == "p4")).scalar_one()
    with writing(kept) as connection:
        connection.execute(PERSONS.update().where(PERSONS.c.person_id == "p1").values(name=name))
    with pytest.raises(LostKeyError, match="altered"):
        read(kept, "h1")


def test_the_key_comes_from_a_file_or_a_variable(tmp_path):
    path = tmp_path / "identity.key"
    first = add_key(path)
    second = add_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert read_keys(Settings()) is None
    assert read_keys(Settings(identity_key=path)).ids == [second.current, first.current]
    text = path.read_text()
    assert read_keys(Settings(identity_secret=text)).ids == second.ids
    assert Settings(identity_secret=text).to_environment()["RISKML_SERVING_IDENTITY_SECRET"] == text


@pytest.mark.parametrize(("content", "message"), [
    (None, "cannot be read"), (b"\xff\xfe", "not UTF-8"), (b"", "line 1"), (b"\n", "line 2"),
    (b"00" * 32 + b"\nab\n", "line 2"), (b"secret word", "line 1"),
])  # fmt: skip
def test_a_file_without_a_valid_key_is_refused_without_showing_it(tmp_path, content, message):
    path = tmp_path / "identity.key"
    if content is not None:
        path.write_bytes(content)
        with pytest.raises(UsageError):
            add_key(path)
        assert path.read_bytes() == content
    with pytest.raises(UsageError, match=message) as refusal:
        read_keys(Settings(identity_key=path))
    assert "secret word" not in str(refusal.value)


def test_the_commands_create_a_key_encrypt_everything_again_and_explain_a_missing_key(kept, monkeypatch, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(keys.app, arguments)

    path = tmp_path / "identity.key"
    database = ("--db", kept.url.render_as_string(hide_password=False))
    refused = run("rotate-identity", *database)
    assert isinstance(refused.exception, UsageError)
    monkeypatch.setenv("RISKML_SERVING_IDENTITY_KEY", str(path))
    assert isinstance(run("rotate-identity", *database).exception, UsageError)
    assert run("create-identity", str(path)).exit_code == 0
    assert isinstance(run("rotate-identity", *database).exception, LostKeyError)
    path.write_text(f"{path.read_text()}{OLD.hex()}\n")
    with monkeypatch.context() as patched:
        patched.setattr("riskml_serving.desk.service.rotate_desk", lambda *_: 1 // 0)
        assert isinstance(run("rotate-identity", *database).exception, ZeroDivisionError)
    with reading(kept) as connection:
        assert list_key_ids(connection) == KEYS.ids, "/readyz says that the old key is needed until the desk is done"
    done = run("rotate-identity", *database)
    current = read_keys(Settings()).current
    assert done.stdout == f"Encrypted 5 persons and 0 contents of lists with the identity key {current}.\n"
    path.write_text(path.read_text().split("\n")[0])
    assert read(kept, "h2", keys=read_keys(Settings())) == {"h2": [NEIGHBOUR]}
