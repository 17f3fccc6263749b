"""Attributes of households in a request, read as the kind that they have in the model."""

from __future__ import annotations

from collections.abc import Mapping

from riskml.records.contract.schema import TABLES
from riskml.records.reading.attributes import read_numbers
from riskml_serving.base.problems import FieldError
from riskml_serving.checks.findings import describe_finding
from riskml_serving.judging.model import Model
from riskml_serving.store.records.columns import Rows

_DECLARED = frozenset(TABLES["households"].names)


def read_attributes(tables: Mapping[str, Rows], model: Model) -> tuple[dict[str, Rows], list[FieldError]]:
    """Convert the attributes of households to the kind that they have in the model: numbers or text.

    A cell of a numeric attribute is read as ``riskml check`` reads one in a column of numbers: a number in another
    notation is read, and anything else is missing. Attributes that the model does not use stay as they are.

    Returns
    -------
    dict of str to rows
        The same tables; rows with a changed cell are copies.
    list of FieldError
        A warning for every cell of a numeric attribute that is not a plain number.
    """
    changed, odd = [*tables.get("households", ())], {}
    for i, row in enumerate(changed):
        for name in row.keys() & model.attributes.keys() - _DECLARED:
            cell = row[name]
            text = str(cell).lower() if isinstance(cell, bool) else str(cell)
            if model.attributes[name] == "number" and isinstance(cell, bool | str):
                odd[i, name] = text
            elif model.attributes[name] == "text" and isinstance(cell, bool | float):
                changed[i] = {**changed[i], name: text.removesuffix(".0")}
    texts = tuple(sorted({*odd.values()}))
    numbers = dict(zip(texts, read_numbers(texts), strict=True)) if texts else {}
    for (i, name), text in odd.items():
        changed[i] = {**changed[i], name: numbers[text][0]}
    strange = [at for at, text in odd.items() if numbers[text][1]]
    warnings = [describe_finding("households", i, name, "odd_attribute") for i, name in strange]
    return {name: changed if name == "households" else rows for name, rows in tables.items()}, warnings
