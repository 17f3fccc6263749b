"""Attributes of households: columns of numbers with a few other cells, and names and values that show personal data."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.records.checking.check import check, open_checked
from riskml.records.contract.personal import is_personal_name, select_personal
from riskml.records.reading.folder import open_folder


def add_attribute(make, values, name="land", form="csv"):
    codes = [f"{i:04d}" for i in range(len(values))]
    homes = [{"household_id": code, "region_code": "130529101001", "size": 1} for code in codes]
    rows = [home | {name: value} for home, value in zip(homes, values, strict=True)]
    return make(form, households=rows, income=[make.rows("income")[0] | {"household_id": "0000"}])


def read(folder, name="land"):
    with open_folder(folder) as opened:
        query = f'SELECT "attribute {name}" FROM {opened.get_view("households")} ORDER BY household_id'
        return opened.attributes.get(name), [value for (value,) in opened.connection.execute(query).fetchall()]


@pytest.mark.parametrize("mark", ["-", "—", "/", "无", "不详", "N/A", "#VALUE!", "null", "\u3000", "？"])
def test_a_mark_for_a_missing_value_leaves_an_attribute_numeric(make, mark):
    folder = add_attribute(make, ["1.5", mark, "3"])
    (fault,) = check(folder).faults
    assert (fault.column, fault.code, fault.severity, fault.count, fault.rows) == (
        "land",
        "odd_attribute",
        "warning",
        1,
        (2,),
    )
    assert "read as missing" in fault.message
    assert repr(mark) in fault.message
    assert read(folder) == ("number", [1.5, None, 3.0])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200", 1200),
        ("３", 3),
        ("5亩", 5),
        ("5.5 亩", 5.5),
        ("１，２００", 1200),
        ("¥30", 30),
        ("30元", 30),
        ("-2人", -2),
    ],
)
def test_a_number_in_another_notation_is_read_with_a_warning(make, text, number):
    folder = add_attribute(make, ["1.5", text, "3"])
    (fault,) = check(folder).faults
    assert (fault.code, fault.count, fault.rows) == ("odd_attribute", 1, (2,))
    assert "was read as the number" in fault.message
    assert read(folder) == ("number", [1.5, number, 3.0])


@pytest.mark.parametrize("mark", ["-", "—", "/", "无", "空"])
def test_a_few_numbers_among_marks_of_nothing_are_a_column_of_numbers(make, mark):
    folder = add_attribute(make, [mark, mark, "0", mark, "3", mark])
    assert [(fault.code, fault.count) for fault in check(folder).faults] == [("odd_attribute", 4)]
    assert read(folder) == ("number", [None, None, 0.0, None, 3.0, None])


@pytest.mark.parametrize("vague", ["35%", "1.2万元", "约6", "20多"])
def test_a_number_of_another_scale_is_read_as_missing_in_a_column_of_numbers(make, vague):
    folder = add_attribute(make, ["1", vague, "2", vague, "−3"])
    assert [(fault.code, fault.count) for fault in check(folder).faults] == [("odd_attribute", 1), ("odd_attribute", 2)]
    assert read(folder) == ("number", [1.0, None, 2.0, None, -3.0])


def test_words_among_numbers_make_a_category_with_a_warning(make):
    values = ["1", "2", "3", "4", "土房", "砖房"]
    folder = add_attribute(make, values)
    [fault] = check(folder).faults
    assert (fault.code, fault.count) == ("numbers_as_text", 2)
    assert read(folder) == ("text", values)


def test_a_few_words_among_many_numbers_are_read_as_missing(make):
    values = [str(i) for i in range(1, 20)]
    folder = add_attribute(make, [*values, "荒地"])
    assert [(fault.code, fault.count) for fault in check(folder).faults] == [("odd_attribute", 1)]
    assert read(folder)[1][-1] is None


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "砖房", "木房"],
        ["007", "12", "13", "-"],
        ["1组", "2组", "3组"],
        ["12345678901234567", "3", "4", "-"],
        ["2万元", "3", "土房"],
        ["-", "无", "茶"],
    ],
)
def test_a_true_category_stays_text_without_a_warning(make, values):
    folder = add_attribute(make, values)
    assert check(folder).faults == ()
    assert read(folder) == ("text", values)


def test_a_unit_that_multiplies_is_not_dropped(make):
    assert read(add_attribute(make, ["1", "2万元", *"3456789", "10", "11"]))[1][1] is None


def test_numbers_stored_as_text_in_parquet_are_a_warning(make):
    folder = add_attribute(make, ["1.5", "-", "3"], form="parquet")
    (fault,) = check(folder).faults
    assert (fault.column, fault.code, fault.severity, fault.count) == ("land", "numbers_as_text", "warning", 1)
    assert read(folder) == ("text", ["1.5", "-", "3"])
    assert check(add_attribute(make, ["1", "2", "3"], form="parquet")).faults == ()


NAMES = ["王小明", "李建国", "张桂英", "刘洋", "欧阳修", "赵丽", "陈大伟"]
PHONES = ["13812340001", "13912340002", "15012340003", "18612340004", "17712340005"]
IDS = ["11010519491231002X", "440524188001010014"]


@pytest.mark.parametrize("form", ["csv", "parquet", "parts"])
@pytest.mark.parametrize("values", [NAMES, PHONES, IDS, ["maize", f"tel {PHONES[0]}"], ["maize", f"证{IDS[0]}"]])
def test_values_that_look_like_personal_data_are_a_fault_and_never_shown(make, form, values):
    report = check(add_attribute(make, values, "extra", form))
    (fault,) = report.faults
    assert (fault.table, fault.column, fault.code) == ("households", "extra", "personal_attribute")
    assert fault.rows
    assert not any(value in report.to_json() for value in values if value != "maize")


@pytest.mark.parametrize("type_", [pa.int64(), pa.float64(), pa.string()])
def test_telephones_stored_as_numbers_are_found(make, type_):
    folder = add_attribute(make, PHONES, "extra", "parquet")
    table = pq.read_table(folder / "households.parquet")
    pq.write_table(
        table.set_column(3, "extra", table["extra"].cast(pa.int64()).cast(type_)), folder / "households.parquet"
    )
    assert [fault.code for fault in check(folder).faults] == ["personal_attribute"]


PERSONAL = "姓名 户主 户主姓名 证件号码 户联系电话 手机 联系方式 户主身份证号码 电话1 name phone id_card mobile_number"


@pytest.mark.parametrize("name", [*PERSONAL.split(), "Full Name"])
def test_names_of_personal_attributes_are_a_fault(make, name):
    (fault,) = check(add_attribute(make, ["a", "b"], name)).faults
    assert (fault.column, fault.code, fault.count, fault.rows) == (name, "personal_attribute", 2, (1, 2))


@pytest.mark.parametrize(
    "name",
    [
        "民族",
        "村名",
        "产业",
        "户主年龄",
        "户主民族",
        "是否有电话",
        "有无身份证",
        "village_name",
        "项目名称",
        "电话费",
        "hotel",
    ],
)
def test_other_names_of_attributes_are_allowed(name):
    assert not is_personal_name(name)


@pytest.mark.parametrize(
    "values",
    [
        ["汉族", "苗族", "汉族", "布依族", "侗族", "汉族"],
        ["王家村", "李庄", "张坪", "刘沟", "赵寨", "陈湾"],
        ["黄牛", "黄牛", "花椒", "金银花", "马铃薯", "黄牛", "花椒", "黄牛"],
        ["13052910101", "13052910102", "13052910103", "13052910104"],
        ["12000000000", "2500", "18000.5"],
        ["130529101001001", "130529101001002"],
        ["130529194912310021"],
    ],
)
def test_other_values_of_attributes_are_allowed(make, values):
    assert [fault.code for fault in check(add_attribute(make, values)).faults] == []


def test_repeated_names_of_crops_are_not_names_of_persons():
    assert select_personal(["黄牛", "花椒", "金银花", "马铃薯", "白菜"], 900) == []


@pytest.mark.parametrize(
    "values",
    [
        ["990123198206254281", "990123197511030022", "990123200102280013"],
        ["990123820625428", "990123751103002", "990123010228001", "none"],
    ],
)
def test_numbers_in_the_form_of_identity_cards_are_personal_whatever_their_check_digit(values):
    assert set(select_personal(values, 900)) == set(values) - {"none"}


STAFF = ["刘洋", "徐磊", "陈静", "王芳", "李强", "赵敏", "张军", "黄丽", "周杰", "吴刚", "孙艳", "马超"]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (STAFF, "f1"),
        (STAFF[:2], "包户干部"),
        ([f"买买提·{name}" for name in STAFF], "f1"),
        ([f"{name[0]}*{name[1]}" for name in STAFF], "f1"),
        (["3701**********1234", "110101********0011"], "f1"),
        (["0531-82345678", "none"], "f1"),
    ],
)
def test_repeated_and_masked_names_and_numbers_are_personal(values, column):
    assert set(select_personal(values, 900, column)) == set(values) - {"none"}


@pytest.mark.parametrize(
    "values",
    [
        ["黄牛", "马铃薯", "白菜", "石榴", "金银花", "麦冬", "甘蔗", "柴胡", "苗木", "葛根"],
        ["高中", "初中", "小学", "大专", "本科", "文盲", "中专", "技校", "高职"],
        ["金融", "安全", "教育", "卫生", "农业", "水利", "交通", "司法", "党务"],
        ["汉族", "白族", "苗族", "侗族", "满族", "回族", "壮族", "藏族", "彝族"],
        ["王家村", "李庄", "张坪", "刘沟", "赵寨", "陈湾", "周屯", "吴店", "孙集镇"],
    ],
)
def test_crops_schools_trades_peoples_and_villages_are_not_persons(values):
    assert select_personal(values, 900) == []


def test_telephone_numbers_written_in_groups_are_no_codes_of_a_county():
    numbers = [f"138 1000 20{i:02}" for i in range(12)]
    assert set(select_personal(numbers, 900)) == set(numbers)
    assert select_personal([number.replace(" ", "") for number in numbers], 900) == []


def test_personal_data_are_refused_by_every_command_even_with_bad_rows(make, tmp_path):
    from riskml.errors import RecordsError

    with pytest.raises(RecordsError, match="personal_attribute"):
        open_checked(add_attribute(make, NAMES, "extra"), tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()
