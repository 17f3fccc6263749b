"""Checks of lists that are uploaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from riskml_serving.base.problems import FieldError
from riskml_serving.checks.fields import refuse


def check_uploads(
    names: Sequence[str], earlier: Sequence[str], received: Mapping[str, dt.date], today: dt.date
) -> None:
    """Check the files of a delivery by their names, the names of its earlier files, and the days of their receipt.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    errors = []
    if not names:
        errors.append(FieldError("files", "missing", "Choose at least one file", "请选择至少一个文件"))
    if len({*earlier, *names}) < len(earlier) + len(names):
        text = "Two files have one name; rename one of them", "有文件重名，请先改名再上传"
        errors.append(FieldError("files", "same_name", *text))
    if any(day > today for day in received.values()):
        errors.append(FieldError("received_on", "future", "The day of receipt lies ahead", "收到日期晚于今天"))
    refuse(errors)
