"""Names are compared by characters, sound and shape, whatever else the cell contains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.lists.persons.names import WILD, Likeness, compare_names, list_holes, parse_name, spell_sound

CHARACTERS = "王李张刘陈杨赵黄周吴伟强磊军勇杰涛明刚平辉华飞波芳娜敏静丽艳娟霞秀英宝国"
names = st.text(CHARACTERS, min_size=2, max_size=4)


@given(
    names, st.sampled_from(["{}", " {} ", "{}(户主)", "{}（本人）", "户主：{}", "{}同志", "'{}", "{}1", "{}（已故）"])
)
def test_text_around_a_name_is_left_out(name, form):
    assert parse_name(form.format(name)).spellings == (name,)


@given(names)
def test_blanks_and_dots_inside_a_name_are_left_out(name):
    for blank in (" ", "　", "  ", "·", "•", ".", "\n"):
        assert parse_name(blank.join(name)).spellings == (name,)


@given(names, names)
def test_former_names_are_further_spellings(name, former):
    for form in ("{}（曾用名{}）", "{}(原名：{})", "{} 曾用名{}", "{}【又名{}】"):
        assert set(parse_name(form.format(name, former)).spellings) == {name, former}


@pytest.mark.parametrize("form", ["{}之妻", "{}的儿子", "{}妻", "{}家属", "{}之母", "{}儿媳", "{}之女"])
def test_relatives_are_distinguished_from_the_person_whom_the_cell_names(form):
    assert parse_name(form.format("王小明")).relative
    assert parse_name(form.format("王小明")).spellings == ("王小明",)
    assert not parse_name("王小子").relative


@pytest.mark.parametrize("text", [None, "", " ", "——", "/", "**", "？？"])
def test_cells_without_a_name(text):
    assert parse_name(text) is None


@given(st.text(max_size=30))
def test_any_text_is_read_without_an_error(text):
    name = parse_name(text)
    if name:
        assert all(name.spellings)
        assert compare_names(name.spellings[0], name.spellings[0]) in (
            Likeness.SAME,
            Likeness.NEAR,
            Likeness.NONE,
            Likeness.SURNAME,
        )


@given(names, names)
def test_likeness_is_symmetric_and_only_equal_names_are_the_same(one, other):
    assert compare_names(one, other) == compare_names(other, one)
    assert (compare_names(one, other) == Likeness.SAME) == (one == other)


@given(st.text(CHARACTERS, min_size=3, max_size=3), st.integers(0, 2), st.sampled_from(CHARACTERS))
def test_one_other_character_of_three_is_near(name, position, character):
    other = name[:position] + character + name[position + 1 :]
    assert compare_names(name, other) >= Likeness.NEAR
    assert compare_names(name, name[:position] + name[position + 1 :]) >= Likeness.NEAR
    assert set(list_holes(name)) & set(list_holes(other))
    assert {*list_holes(name)} & {name[:position] + name[position + 1 :]}


@given(st.text(CHARACTERS, min_size=5, max_size=9), st.integers(2, 8))
def test_the_start_of_a_long_name_is_near_and_shares_a_key(name, length):
    assert compare_names(name, name[:length]) >= Likeness.NEAR
    assert {*list_holes(name)} & {*list_holes(name[:length])}


@given(names, st.data())
def test_hidden_characters_may_be_any(name, data):
    position = data.draw(st.integers(0, len(name) - 1))
    for sign in "?？*＊□某":
        hidden = parse_name(name[:position] + sign + name[position + 1 :]).spellings[0]
        assert WILD in hidden
        assert compare_names(name, hidden) == Likeness.NEAR
        assert hidden in list_holes(name)


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("王宝明", "王寶明", Likeness.SOUND),  # traditional
        ("马云秀", "馬云秀", Likeness.SOUND),
        ("何兴", "何星", Likeness.SOUND),
        ("陈刚涛", "陈刚韬", Likeness.SOUND),
        ("李素珍", "李树珍", Likeness.SOUND),  # not distinguished by many speakers
        ("李素珍", "李秀珍", Likeness.NEAR),
        ("单明", "善明", Likeness.SOUND),  # the first has a second reading, as a surname
        ("李小明", "李明小", Likeness.NEAR),  # changed places
        ("王伟", "王军", Likeness.SURNAME),
        ("王伟", "李伟", Likeness.NONE),
        ("王建国", "王秀英", Likeness.SURNAME),
        ("张三", "张三丰", Likeness.NEAR),
        ("古丽娜", "古丽娜阿不都热合曼", Likeness.NEAR),  # the given name without the father's
        ("张三", "张三丰子", Likeness.SURNAME),
    ],
)
def test_likeness(one, other, likeness):
    assert compare_names(one, other) == likeness


@given(names, names)
def test_names_that_sound_alike_share_a_key_unless_a_character_has_several_readings(one, other):
    if spell_sound(one) == spell_sound(other) and one != other:
        assert compare_names(one, other) == Likeness.SOUND
