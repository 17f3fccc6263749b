"""Write the contract for data owners and the page on comparisons from the declaration of the tables and the rules.

``make docs`` regenerates ``data/README.md`` and ``docs/checks/comparisons.md``; a test fails if they are out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import Rule, Severity
from riskml.records.contract.schema import TABLES, Column, Kind, Table
from riskml.records.reading.rules import RULES
from riskml.text import Text
from riskml.vocabulary.regions import DIGITS_EN

__all__ = ["EXAMPLE", "SECONDS", "describe", "describe_comparisons"]

SECONDS = {
    "delivered_twice": 1.6,
    "sum_beside_parts": 1.0,
    "amount_in_ten_thousands": 0.9,
    "record_numbers_reused": 0.3,
    "size_against_members": 0.3,
    "little_income": 0.3,
    "sums_since_january": 0.2,
    "survey_code": 0.1,
    "smaller_delivery": 0.1,
    "zero_ahead": 0.1,
    "future_day": 0.1,
    "early_day": 0.1,
    "region_without_line": 0.1,
}
"""Processor time of the comparisons on a county of 100,000 households and 36 months; the others take less than 0.05."""

EXAMPLE: dict[str, str] = {
    "households": """\
household_id,recorded_on,region_code,size,kind,exited_on,crop
130529001,,130529101001,4,exited,2016-12-31,maize
130529002,,130529101001,2,ordinary,,fruit
130529002,2023-05-10,130529101001,3,ordinary,,fruit
""",
    "income": """\
household_id,period_start,months,source,amount,recorded_on,record_id
130529001,2023-01-01,1,wage,3200,2023-02-08,W-1
130529001,2023-01-01,3,business,-450.5,2023-04-12,B-1
130529001,2023-01-01,1,wage,2300,2023-03-01,W-1
130529002,2023/1/1,12,total,21000,2024/1/15,
""",
    "illness": """\
household_id,occurred_on,kind,visits,cost,self_paid,recorded_on
130529001,2023-02-17,inpatient,1,12800,4100,2023-03-05
""",
    "lines": """\
region_code,effective_from,amount,source
13,2022-04-01,7300,provincial notice of 2022
13,2023-01-01,8300,provincial notice of 2023
""",
}
"""The CSV text of each table in a small folder that passes the check."""

_TYPES = {
    Kind.TEXT: "text",
    Kind.REGION: f"text of {DIGITS_EN} digits",
    Kind.DATE: "date",
    Kind.MONTH_START: "date, first of a month",
    Kind.COUNT: "whole number",
    Kind.YEAR: "whole number",
    Kind.AMOUNT: "number",
    Kind.FLAG: "true or false",
    Kind.CODE: "code",
    Kind.CODES: "codes joined by `;`",
}


def describe() -> str:
    """Return the text of ``data/README.md``.

    >>> describe().splitlines()[0]
    '# Bringing your own data · 数据交付说明'
    """
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    parts = {
        "tables": "\n".join(_list_tables()),
        "columns": "\n".join(line for table in TABLES.values() for line in _describe_table(table)),
        "example": "\n".join(f"`{name}.csv`\n\n```csv\n{content}```\n" for name, content in EXAMPLE.items()).rstrip(),
        "checks": "\n".join(_list_rules(RULES.values())),
    }
    for name, content in parts.items():
        text = text.replace(f"{{{{ {name} }}}}", content)
    return text


def describe_comparisons() -> str:
    """Return the text of ``docs/checks/comparisons.md``."""
    text = Path(__file__).with_name("comparisons.md").read_text(encoding="utf-8")
    return text.replace("{{ comparisons }}", "\n".join(_list_comparisons()))


def _list_comparisons() -> Iterator[str]:
    yield "| code | what is wrong | 问题 | when it is reported | 更正办法 | in requests | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for rule, function in CHECKS.items():
        if function.__module__.endswith((".comparisons", ".incomes", ".plausibility", ".poverty_lines")):
            when = " ".join(str(function.__doc__).split("\n\n")[0].split()).removeprefix("Report ").replace("``", "`")
            advice, seconds = Text(rule.what_to_do).read("zh"), SECONDS.get(rule.code, 0.0)
            where = f"no: {rule.folder_only}" if rule.folder_only else "yes"
            cells = (f"`{rule.code}`", rule.title, rule.zh, f"{when[0].upper()}{when[1:]}", advice, where, str(seconds))
            yield f"| {' | '.join(cells)} |"


def _list_tables() -> Iterator[str]:
    yield "| table | holds | 内容 | required |"
    yield "|---|---|---|---|"
    for table in TABLES.values():
        yield f"| [`{table.name}`](#{table.name}) | {table.en} | {table.zh} | {'yes' if table.required else ''} |"


def _describe_table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{table.zh} · {table.en}. {_describe_versions(table)}"
    yield ""
    yield "| column | type | required | meaning | 含义 | allowed values |"
    yield "|---|---|---|---|---|---|"
    for column in table.columns:
        required = "yes, may be empty" if column.required and column.nullable else "yes" if column.required else ""
        cells = (f"`{column.name}`", _name_type(column), required, column.en, column.zh, _list_allowed(table, column))
        yield f"| {' | '.join(cells)} |"
    if table.attributes:
        yield "| any other | number or text | | attribute: becomes a feature `attribute_<name>` | 其他属性 | |"
    yield ""


def _describe_versions(table: Table) -> str:
    if table.key:
        return f"Rows of one {' + '.join(f'`{name}`' for name in table.key)} are versions; the latest known one counts."
    if table.find_column("record_id"):
        return "Rows add up; rows that share a `record_id` correct one another."
    return "The row in force with the longest matching prefix applies; of several, the one with the latest first day."


def _name_type(column: Column) -> str:
    return f"{_TYPES[column.kind]}, {column.unit}" if column.unit else _TYPES[column.kind]


def _list_allowed(table: Table, column: Column) -> str:
    parts = []
    if column.allowed:
        parts.append("<br>".join(f"`{code}` {chinese}" for code, chinese in column.allowed.items()))
    if column.minimum is not None:
        parts.append(f"{'>' if column.exclusive else '≥'} {column.minimum:g}")
    if column.default is not None:
        parts.append(f"{column.default} if empty")
    if column.name == "recorded_on":
        day = {
            "income": "the last day of the period, or five months later for a statement,",
            "lines": "`effective_from`",
        }.get(table.name, f"`{table.day}`")
        parts.append(f"{day} if empty" if table.day or table.name == "lines" else "always known if empty")
    return "; ".join(parts)


def _list_rules(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| code | | what is wrong | 问题 | what to do |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        kind = "fault" if rule.severity is Severity.FAULT else "warning"
        kind += ", by row" if rule.by_row and rule.severity is Severity.FAULT else ""
        yield f"| `{rule.code}` | {kind} | {rule.title} | {rule.zh} | {rule.what_to_do} |"
