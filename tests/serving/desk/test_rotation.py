"""What the desk keeps is encrypted again with a new identity key, and forgotten with its household."""

from __future__ import annotations

import datetime as dt
import threading

from tests.serving.desk.conftest import COUNTY, FIRST, make_number, write_csv

from riskml.lists.outcomes import Fact
from riskml_serving.base.database import reading, writing
from riskml_serving.desk import repository
from riskml_serving.desk.service import rotate_desk
from riskml_serving.operations.retention.service import forget
from riskml_serving.register.keys import IdentityKeys, add_key, read_keys

VEHICLES = write_csv(
    ("机动车所有人", "身份证号", "车辆品牌型号", "初次登记日期"),
    [("孙北斗", make_number("B-1"), "五菱面包车", "2023-05-06")],
)


def test_an_answer_or_a_fact_that_comes_again_after_a_rotation_is_kept_once(desk):
    fact = Fact("B", "B-1", "vehicle", "五菱面包车", None, dt.date(2024, 5, 1), "车管所.csv")
    for answer in ("A-1", "B-1"):
        keys = read_keys(desk.settings)
        with writing(desk.engine) as connection:
            delivery = {"county": COUNTY, "delivery_id": "1"}
            repository.write_answer(connection, keys, delivery, {"name": "吴南山"}, answer, answer)
            repository.write_facts(connection, keys, "1", [fact])
        rotate_desk(desk.engine, add_key(desk.settings.identity_key))
    with reading(desk.engine) as connection:
        keys = read_keys(desk.settings)
        assert [row["answer"] for row in repository.read_answers(connection, keys, COUNTY)] == ["B-1"]
        assert [row["what"] for row in repository.read_facts(connection, keys, "B")] == ["五菱面包车"]


def test_what_the_desk_keeps_is_encrypted_again_with_a_new_key_and_forgotten_with_its_household(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "车管所机动车登记名单.csv": VEHICLES}, "2024-05-01")
    keys = add_key(desk.settings.identity_key)
    rotate_desk(desk.engine, keys)
    for table in ("delivery_contents", "list_memory", "facts"):
        contents = desk.read(f"SELECT content FROM {table}")
        assert contents
        assert {bytes(row[0])[:4].hex() for row in contents} == {keys.current}
    with writing(desk.engine) as connection:
        forget(connection, "B")
    for table in ("delivery_contents", "facts"):
        assert desk.read(f"SELECT count(*) FROM {table}") == [(0,)]
    assert desk.read("SELECT household_id FROM list_memory") == [("A",)]


def test_what_is_written_or_deleted_during_a_rotation_stays_so(desk, monkeypatch):
    """The other writer begins after the rotation has read its rows, and ends when its transaction allows it."""
    old, keys = read_keys(desk.settings), add_key(desk.settings.identity_key)
    with writing(desk.engine) as connection:
        for name in ("changed", "dropped"):
            repository.write_content(connection, old, "1", name, b"before")

    def change():
        with writing(desk.engine) as connection:
            repository.write_content(connection, keys, "1", "changed", b"after")
            repository.drop_contents(connection, "1", ["dropped"])

    decrypt, writer = IdentityKeys.decrypt, threading.Thread(target=change)

    def interrupted(*values):
        if not writer.ident:
            writer.start()
            writer.join(0.5)
        return decrypt(*values)

    with monkeypatch.context() as patch:
        patch.setattr(IdentityKeys, "decrypt", interrupted)
        rotate_desk(desk.engine, keys)
    writer.join()
    with reading(desk.engine) as connection:
        contents = [repository.read_content(connection, keys, "1", name) for name in ("changed", "dropped")]
    assert contents == [b"after", None]
