"""Words of the desk: fields, units and steps."""

from __future__ import annotations

from riskml.lists.reading.headers import FACTORS
from riskml.records.contract.schema import TABLES
from riskml.text import read_data

_WORDS: dict[str, dict[str, list[str]]] = read_data("riskml_serving.web.desk", "words.yaml")
STEP_WORDS, PERSON_WORDS, CHOICE_WORDS = _WORDS["steps"], _WORDS["persons"], _WORDS["choices"]
UNITS = tuple(FACTORS)


def name_field(field: str, lang: str) -> str:
    """Name a field of a list.

    >>> name_field("illness.cost", "zh"), name_field("name", "en"), name_field("income.wage", "zh")
    ('医疗总费用', 'name', '工资性收入')
    """
    words = PERSON_WORDS.get(field) or _WORDS["fields"].get(field)
    if words is None:
        table, _, name = field.partition(".")
        column = TABLES[table].find_column(name) if table in TABLES else None
        words = [field, field] if column is None else [column.zh, column.en]
    return words[0] if lang == "zh" else words[1]
