"""The register: its folder, its snapshots, its villages, and its encrypted key file."""

from __future__ import annotations

import stat
from datetime import date

import pytest

from riskml.errors import UsageError
from riskml.keys import write_private
from riskml.lists.persons.key_file import SECRET_VARIABLE
from riskml.lists.persons.register import Person, Register
from riskml.lists.persons.villages import Village

MARCH, JUNE, JULY = date(2024, 3, 1), date(2024, 6, 30), date(2024, 7, 5)
HEADER = "person_id,household_id,known_from,name,id_number,sex,birth_date,village,town\n"
VILLAGES = "village_code,town,village\n990123101201,青石镇,新民村\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "persons.csv").write_text(
        f"{HEADER}1,A,2024-03-01,王宝明,990123850312235,男,1985-03-12,新民村,青石镇\n2,A,,李秀英,,女,,新民村,青石镇\n",
        encoding="utf-8-sig",
    )
    (tmp_path / "villages.csv").write_text(VILLAGES, encoding="gb18030")
    return tmp_path


def test_a_folder_is_read_in_any_usual_encoding_and_never_written(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    register = Register.read(folder)
    first, second = register.versions["1"][0], register.versions["2"][0]
    assert (first.sex, first.birth_date, first.village_code) == ("m", date(1985, 3, 12), "990123101201")
    assert (second.known_from, second.birth_date, second.id_number) == (date.min, None, "")
    assert register.region == "990123"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_register_is_written_as_it_was_read_for_its_owner_only(folder, tmp_path):
    register = Register.read(folder)
    register.write(tmp_path / "out")
    again = Register.read(tmp_path / "out")
    assert again.versions == register.versions
    assert again.villages.by_code == register.villages.by_code
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("persons.csv", None, "has no file"),
        ("villages.csv", None, "has no file"),
        ("persons.csv", "person_id,name\n", "lacks the column household_id"),
        ("villages.csv", "village_code,town\n", "lacks the column village"),
        ("villages.csv", "village_code；town；village\n", "separated by full-width semicolons"),
        ("persons.csv", HEADER.replace(",", "\t"), "separated by tabs"),
        ("persons.csv", f'{HEADER}1,A,,"王宝明,,,,,\n2,B,,李秀英,,,,,\n', "a double quote opens on line 2"),
        ("persons.csv", f"{HEADER}1,,,王宝明,,,,,\n", "row 2 has no household_id"),
        ("persons.csv", f"{HEADER}1,A,,王宝明,,,,,\n\n2,A,,李秀英,,,1985年,,\n", "date in row 4"),
        ("persons.csv", f"{HEADER}李秀英,A,,李秀英,,,,,\n2,A,,王宝明,,,,,\n", r"codes of 1 row\(s\) are .* \(rows 2\)"),
        *(
            (
                "persons.csv",
                f"{HEADER}1,A,,王宝明,,,,,\n2,{code},,李,,,,,\n",
                r"in 1 row\(s\), the code .* \(rows 3\)",
            )
            for code in (".", "..", "东沟村/1号")
        ),
        (
            "persons.csv",
            f"{HEADER}1,990123850312235,,王宝明,,,,,\n2,B,,李秀英,990123198503122356,,,,\n",
            r"codes of 1 row\(s\) are .* \(rows 2\)",
        ),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused_without_naming_persons(folder, name, text, message):
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        Register.read(folder)
    assert "王宝明" not in str(caught.value)
    assert "李秀英" not in str(caught.value)


def test_versions_count_from_their_day_and_whoever_is_missing_from_a_state_has_left(make_register, person):
    register = make_register(
        person("000101", "王宝明", ""),
        person("000102", "李秀英", "", days=(MARCH,)),
        person("000201", "孙志强", "", days=(JUNE,)),
    )
    assert [one.person_id for one in register.list_persons(MARCH)] == ["000101", "000102"]
    assert [one.person_id for one in register.list_persons(JULY)] == ["000101", "000201"]
    assert register.list_persons(date(2024, 1, 1)) == []
    assert register.find_person("000201", MARCH).known_from == JUNE
    assert [register.find_left("000102", day) for day in (MARCH, JUNE, JULY)] == [None, JUNE, JUNE]
    register.add(person("000102", "李秀英", "", days=(JUNE,)))
    assert [one.person_id for one in register.list_persons(JULY)] == ["000101", "000102", "000201"]


def test_a_few_changed_persons_are_not_a_snapshot(make_register, person):
    many = [person(f"0001{n:02}", "王宝明", "", days=(MARCH,)) for n in range(1, 6)]
    register = make_register(*many, person("000106", "李秀英", "", days=(MARCH, JUNE)))
    assert register.states == [MARCH]
    assert register.find_left("000101", JULY) is None


def test_new_villages_get_codes_below_the_county():
    register = Register(region="990123")
    codes = [register.locate(*names) for names in (("青石镇", "新民村"), ("青石镇", "河西村"), ("柳河乡", "新民村"))]
    assert [village.code for village in codes] == ["990123100200", "990123100201", "990123101200"]
    assert register.locate("青石", "新民村委会") == codes[0]
    assert register.locate(None, "柳河乡新民村3组") == codes[2]
    assert register.locate(None, "新民村") is None  # in two towns
    assert register.locate("青石镇", None) is None
    known = Register(villages=[Village("990123105207", "青石镇", "新民村")])
    assert known.locate("青石镇", "河西村").code == "990123105200"
    assert known.locate("红旗镇", "河西村").code == "990123100200"


@pytest.fixture
def secret(tmp_path, monkeypatch):
    path = tmp_path / "keys" / "secret"
    monkeypatch.setenv(SECRET_VARIABLE, str(path))
    return path


@pytest.fixture
def register():
    return Register(
        [
            Person(
                "P1",
                "H1",
                MARCH,
                "王宝明",
                "990123198503122356",
                village_code="990123101201",
                town="青石镇",
                village="新民村",
            )
        ]
    )


def test_a_key_file_is_encrypted_private_and_read_back(register, secret, tmp_path):
    path = tmp_path / "R.codes"
    register.write_key_file(path)
    content = path.read_bytes()
    for text in ("王宝明", "990123198503122356", "新民村", "persons"):  # a shorter text may occur by chance
        assert text.encode() not in content
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, secret)} == {0o600}
    again = Register.read_key_file(path)
    assert (again.versions, again.region) == (register.versions, "990123")
    created = secret.read_bytes()
    register.write_key_file(path)
    assert secret.read_bytes() == created
    assert path.read_bytes() != content  # never the same nonce


def test_a_key_file_with_another_secret_or_altered_is_refused(register, secret, tmp_path):
    path = tmp_path / "R.codes"
    register.write_key_file(path)
    content, own = path.read_bytes(), secret.read_bytes()
    write_private(secret, b"00" * 32)
    with pytest.raises(UsageError, match="cannot be decrypted"):
        Register.read_key_file(path)
    write_private(secret, b"no secret")
    with pytest.raises(UsageError, match="cannot be decrypted"):
        Register.read_key_file(path)
    write_private(secret, own)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UsageError, match="cannot be decrypted"):
        Register.read_key_file(path)
    path.write_bytes(b"short")
    with pytest.raises(UsageError, match="cannot be decrypted"):
        Register.read_key_file(path)
    secret.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        Register.read_key_file(path)
    assert not secret.exists()


def test_without_the_variable_the_secret_is_in_the_configuration_folder(register, tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    register.write_key_file(tmp_path / "R.codes")
    assert len(bytes.fromhex((tmp_path / "riskml" / "lists.secret").read_text("ascii"))) == 32


def test_an_export_of_some_villages_says_nothing_about_the_others(make_register, person, number):
    """Most people are in the export of one town; those of the other town have not left."""
    own = [person(f"00010{i}", "赵春山", number(sequence=i), days=(MARCH, JUNE)) for i in (1, 2)]
    gone = person("000103", "钱秋水", number(sequence=3), days=(MARCH,))
    other = person("000201", "孙北斗", number(sequence=4), village=2, days=(MARCH,))
    register = make_register(*own, gone, other)
    assert register.states == [MARCH, JUNE]
    assert [register.find_left(code, JUNE) for code in ("000101", "000103", "000201")] == [None, JUNE, None]
    assert [one.person_id for one in register.list_persons(JUNE)] == ["000101", "000102", "000201"]
