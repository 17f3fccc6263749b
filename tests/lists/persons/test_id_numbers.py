"""ID numbers are read in every form in which they occur in lists, and never guessed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.lists.persons.id_numbers import IdNumber, parse_id_number
from riskml.records.contract.personal import compute_check_digit

FULL = "990123198503122348"

births = st.dates(date(1900, 1, 1), date(2023, 12, 31))


@st.composite
def numbers(draw, first=date(1900, 1, 1), last=date(2023, 12, 31)):
    birth = draw(st.dates(first, last))
    digits = f"99{draw(st.integers(0, 9999)):04}{birth:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return digits + compute_check_digit(digits)


def test_check_digit_agrees_with_the_standard():
    # Sum of digits times weights, modulo 11, written out: 1 for remainder 0, 0 for 1, X for 2 …
    assert [compute_check_digit("0" * 16 + str(n)) for n in range(6)] == ["1", "X", "8", "6", "4", "2"]


@given(numbers())
def test_a_complete_number_is_read_whole(number):
    read = parse_id_number(number)
    assert read == IdNumber("full", number, checked=True)
    assert read.birth == date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    assert read.sex == ("m" if int(number[16]) % 2 else "f")


@given(numbers(), st.data())
def test_one_wrong_digit_or_two_swapped_ones_are_noticed(number, data):
    position = data.draw(st.integers(0, 16))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[position]]))
    slip = number[:position] + other + number[position + 1 :]
    assert parse_id_number(slip).kind in ("wrong", "rounded")
    if number[position] != number[position + 1] and number[position + 1] != "X":
        swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
        assert parse_id_number(swapped).kind in ("wrong", "rounded")


@given(numbers(date(1900, 1, 1), date(1999, 12, 31)))
def test_numbers_of_15_digits_are_extended(number):
    read = parse_id_number(number[:6] + number[8:17])
    assert read == IdNumber("full", number)
    assert parse_id_number(str(int(number[:6] + number[8:17])), is_number=True) == read


@given(
    numbers(), st.sampled_from(["'{}", "{}\t", " {} ", "身份证号：{}", "公民身份号码{}", "{}（本人）", "“{}”", "No.{}"])
)
def test_text_around_a_number_is_left_out(number, form):
    assert parse_id_number(form.format(number)).text == number


@given(numbers())
def test_other_writings_of_the_same_characters_are_read(number):
    wide = "".join(chr(ord(character) + 0xFEE0) for character in number)
    for written in (wide, number.lower(), f"{number[:6]} {number[6:14]} {number[14:]}", number.replace("X", "×")):
        assert parse_id_number(written).text == number
    assert parse_id_number(number.replace("0", "O").replace("1", "l")).text == number


@given(numbers(), st.sampled_from(["42", "11", "74B1", "23 B2", " 31"]))
def test_certificates_and_school_numbers_contain_the_number(number, ending):
    assert parse_id_number(number + ending).text == number
    assert parse_id_number(f"G{number}").text == number


@given(numbers())
def test_a_number_that_a_spreadsheet_cut_off_fits_its_owner(number):
    cut = f"{number[:15]}000"
    for text, is_number in (
        (str(int(float(cut))), True),
        (str(int(float(cut))), False),
        (f"{float(cut):.14E}", False),
        (str(float(cut)), False),
        (f"{float(cut)}", True),
        (str(int(float(number.replace("X", "0")))), True),
    ):
        read = parse_id_number(text, is_number=is_number).suspect_rounding()  # one in eleven has a valid check digit
        assert read.fits(number), (text, read)
        assert len(read.text) == 18
        assert "*" in read.text


@given(numbers(), numbers())
def test_a_cut_number_does_not_fit_others(number, other):
    read = parse_id_number(f"{float(number[:15] + '000'):.14E}")
    if abs(int(number[:15]) - int(other[:15])) > 1:
        assert not read.fits(other)


def test_short_scientific_numbers_show_only_the_region():
    read = parse_id_number("9.90123E+17")
    assert (read.kind, read.birth) == ("rounded", None)
    assert read.text == "990123" + "*" * 12
    assert read.fits(FULL)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("990123********2348", "990123********2348"),
        ("990123＊＊＊＊＊＊＊＊2348", "990123********2348"),
        ("990123XXXXXXXX234X", "990123********234X"),
        ("99012319850312****", "99012319850312****"),
        ("99012319850312XXXX", "99012319850312****"),
        ("990123****2348", "990123********2348"),
        ("9901**********2348", "9901**********2348"),
        ("990123******234", "99012319******234*"),
        ("尾号2348", "**************2348"),
        ("后四位：234x", "**************234X"),
    ],
)
def test_masks_keep_what_they_show(text, pattern):
    assert parse_id_number(text) == IdNumber("masked", pattern)


@given(numbers(), st.integers(0, 14), st.integers(1, 17))
def test_a_masked_number_fits_its_owner(number, start, length):
    stop = min(start + length, 18)
    masked = number[:start] + "*" * (stop - start) + number[stop:]
    assert parse_id_number(masked) is None or parse_id_number(masked).fits(number)


@pytest.mark.parametrize("text", [None, "", "无", "不详", "——", "/", "待补", "****", " "])
def test_cells_without_a_number(text):
    assert parse_id_number(text) is None


@pytest.mark.parametrize("text", ["990123198502302346", "990123178503122340", "12345", "99012319850312234", "9" * 20])
def test_impossible_numbers_are_wrong(text):
    read = parse_id_number(text)
    assert read.kind == "wrong"
    assert (read.birth, read.sex) == (None, None)


def test_two_numbers_in_a_cell_are_nobodys():
    other = "99012319750312234" + compute_check_digit("99012319750312234")
    assert parse_id_number(f"{FULL}/{FULL}").text == FULL
    assert parse_id_number(f"{FULL}；电话10012345678").text == FULL
    assert parse_id_number(f"{FULL} {other}") == parse_id_number(f"{FULL}、{other}") == IdNumber("wrong", "")


@given(st.text(max_size=40), st.booleans())
def test_any_text_is_read_or_refused_without_an_error(text, is_number):
    read = parse_id_number(text, is_number=is_number)
    if read and read.kind == "full" and read.checked:
        assert compute_check_digit(read.text[:17]) == read.text[17]
        assert read.birth < date.today() + timedelta(days=365 * 100)
