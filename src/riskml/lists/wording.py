"""Words for the outcomes of rows, for the reasons, and for conversions of values."""

from __future__ import annotations

from riskml.lists.outcomes import Outcome
from riskml.text import Text

__all__ = ["explain_reason", "name_conversion", "name_outcome"]

_NAMES: dict[Outcome, Text] = {
    "taken": Text("taken"),
    "repeated": Text("already known"),
    "nothing": Text("nothing to record"),
    "ask": Text("to be decided"),
    "stranger": Text("not in the register"),
    "refused": Text("refused"),
    "ignored": Text("not data"),
}


def name_outcome(outcome: Outcome) -> Text:
    """Return the words for an outcome."""
    return _NAMES[outcome]


_REASONS = {
    "bad_amount": Text("the amount cannot be read"),
    "bad_count": Text("the number of visits or persons cannot be read"),
    "bad_date": Text("the date cannot be read"),
    "dead": Text("the person had died before"),
    "doubtful_unit": Text("the bill is very small and no unit is given; give the unit in the header or in --mapping"),
    "future_date": Text("the date is later than the day on which the list arrived"),
    "implausible_unit": Text("the amount is far too large or too small; check its unit"),
    "inconsistent": Text("more was paid than the bill amounts to"),
    "left": Text("the person had left the register before"),
    "negative": Text("the amount is negative, and not exactly one earlier row has the same amount"),
    "no_amount": Text("the amount is missing"),
    "unknown_column": Text("no column is known to hold the amount, or the day; confirm its header with --mapping"),
    "no_state_column": Text("no column is known to say which houses or water supplies are unsafe"),
    "no_date": Text("the date is missing"),
    "no_month": Text("no month is given in a column, the header, the title, or the names of file and sheet"),
    "unknown_list": Text("it is not clear what the sheet is about"),
    "unknown_word": Text("a word is not known"),
    "several": Text("several persons fit"),
    "number_of_other": Text("the number belongs to a person with another name"),
    "number_differs": Text("name and village fit, but the number does not"),
    "name_differs": Text("the name differs"),
    "place_differs": Text("the village differs"),
    "facts_differ": Text("sex, day of birth or household differ"),
    "vague": Text("too little is known to find the person"),
    "decided": Text("decided by a person"),
    "fact": Text("a fact about property, which is shown to people and gives no record"),
    "corrects": Text("corrects an earlier record"),
    "void": Text("a remark says that the row does not count"),
    "none_runs": Text("it ends help, but not exactly one current help of this kind is known"),
    "same_day": Text("another list of the same day says otherwise, and neither says which of them is newer"),
    "second_wage": Text("another list has another wage of this month; it may be a correction or a second job"),
    "withdraws": Text("withdraws an earlier record"),
    "twice_in_list": Text("occurs twice in the list"),
    "reversed_copy": Text("reverses a row that occurs twice in the list"),
    "may_correct": Text("several rows may correct one earlier record"),
    "may_correct_several": Text("it may correct several earlier records"),
    "may_replace": Text("it may correct the bill of the same day in an earlier list, or be another one"),
    "partly_reversed": Text("it takes back part of an earlier bill; write what is left of that bill in one row"),
    "same_event_twice": Text("another row of the list has the same bill with another amount"),
    "unknown_village": Text("the village is not in the register"),
    "several_villages": Text("several villages have this name"),
}


def explain_reason(reason: str) -> Text:
    """Return the words for the reason why a row was not taken, or for the effect of a taken row on earlier ones."""
    return _REASONS[reason]


_CONVERSIONS = {
    "amount_text": Text("amount with unit or separators"),
    "code_word": Text("word for a code"),
    "contradicted": Text("left out because another list of the same day says otherwise"),
    "date_text": Text("date in another form"),
    "day_from_title": Text("date from the title or the names of file and sheet"),
    "day_of_receipt": Text("day of receipt instead of a missing date"),
    "first_of_span": Text("first day of a span of time"),
    "from_header": Text("taken from a header"),
    "from_title": Text("taken from the title or the names of file and sheet"),
    "from_above": Text("taken from a row above"),
    "hundreds": Text("amount in units of 100 yuan"),
    "latest_year": Text("no year given: the latest one from October to September"),
    "left_out": Text("left out because it cannot be read"),
    "marked_reversal": Text("marked as a reversal: the amounts are subtracted"),
    "month_from_header": Text("month from the header"),
    "month_only": Text("month without a day: its first day"),
    "name_by_sound": Text("name that sounds alike"),
    "name_near": Text("name that differs in a character"),
    "net_of_costs": Text("income less costs"),
    "no_wage": Text("words instead of a wage: no wage in this month"),
    "number_form": Text("ID number with other characters around or in it, such as a lower-case x"),
    "number_of_15": Text("ID number of 15 digits, completed to 18"),
    "number_restored": Text("incomplete or mistyped ID number; found with name and place"),
    "part_of_word": Text("text that contains a known word"),
    "place_name": Text("name of another place: counted as work away from home"),
    "second_best": Text("another date, because the best one is missing"),
    "serial_number": Text("date as a spreadsheet's serial number"),
    "short_year": Text("two-digit year"),
    "ten_thousands": Text("amount in units of 10,000 yuan"),
    "thousands": Text("amount in units of 1,000 yuan"),
    "unknown_word": Text("unknown word"),
    "year_from_title": Text("date without a year: the year of the title"),
    "year_from_receipt": Text("date without a year: the last such day before the list was received"),
    "year_only": Text("year without a month: its first day"),
}


def name_conversion(how: str) -> Text:
    """Return the words for a conversion of values."""
    return _CONVERSIONS[how]
