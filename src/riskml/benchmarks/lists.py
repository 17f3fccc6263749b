"""Measure how well and how fast ``riskml lists`` reads simulated lists, in which the meaning of every row is known."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from riskml.benchmarks.processes import run_command
from riskml.benchmarks.targets import Bounds, check_targets
from riskml.progress import SILENT, Progress
from riskml.records.contract.schema import TABLES
from riskml.simulation import simulate
from riskml.simulation.lists import write_lists

HOUSEHOLDS, MONTHS, SEED = 400, 60, 16
"""The county whose lists are measured in both styles."""
MANY_HOUSEHOLDS, MANY_MONTHS = 3000, 24
"""The county for the list of 50,000 bills; it has some 13,000 people."""

BOUNDS: Bounds = {
    "lost": ("at most", 0),
    "not_data_imported": ("at most", 0),
    "counted_twice": ("at most", 0),
    "matched_right": ("at least", 0.96),
    "wrong_of_imported": ("at most", 0.001),
    "asked_needlessly": ("at most", 0.01),
    "undecidable_asked": ("at least", 0.97),
    "columns_mapped": ("at least", 0.9),
    "columns_wrong": ("at most", 2),
    "values_right": ("at least", 0.99),
}
"""The bounds that the figures of each style must meet."""
SPEED: Bounds = {"seconds": ("at most", 30.0), "peak_rss_mb": ("at most", 1024.0)}
"""The bounds for 50,000 medical bills."""

_ROW = ["file", "sheet", "row"]
_EVENTS = ("illness", "disaster", "events", "help", "income")
_DAY_LENGTH = {"month": 7, "year": 4}


def run(progress: Progress = SILENT) -> dict[str, Any]:
    """Read the lists of both styles and the list of 50,000 medical bills with ``riskml lists``.

    Returns
    -------
    dict
        - ``styles``: for each style, the figures of `score` and their targets.
        - ``speed``: rows, seconds, processor time in seconds and peak memory in MB (not on Windows) for the long list,
          with the targets. Other processes increase the seconds, but hardly the processor time.

    Raises
    ------
    RiskmlError
        If ``riskml lists`` fails.
    """
    progress.stage("Lists of departments", 3)
    result: dict[str, Any] = {"styles": {}}
    with tempfile.TemporaryDirectory(prefix="riskml-benchmark-") as temporary:
        county, many = Path(temporary, "county"), Path(temporary, "many")
        simulate(county, HOUSEHOLDS, MONTHS, SEED, truth="none", income="register")
        for style in ("1", "2"):
            folder = Path(temporary, style)
            write_lists(county, folder, style, SEED)
            read_lists(folder)
            figures = score(folder)
            result["styles"][style] = {**figures, "targets": check_targets(figures, BOUNDS)}
            progress.step(1)
        simulate(many, MANY_HOUSEHOLDS, MANY_MONTHS, SEED, truth="none", income="register")
        rows = write_lists(many, Path(temporary, "large"), "large", SEED)["rows"]
        speed = read_lists(Path(temporary, "large"))
        progress.step(1)
    targets = check_targets(speed, {name: bound for name, bound in SPEED.items() if name in speed})
    result["speed"] = {"rows": rows, **speed, "targets": targets}
    return result


def read_lists(folder: Path) -> dict[str, float]:
    """Run ``riskml lists`` in a separate process on the lists in a folder, and write its results there.

    Returns
    -------
    dict of str to float
        ``seconds``, ``cpu_seconds`` and, except on Windows, ``peak_rss_mb``.
    """
    options = {"register": "register", "received": "received.csv", "lines": "lines.csv", "out": "records"}
    options |= {"audit": "result.parquet", "columns": "columns.csv"}
    named = [part for name, value in options.items() for part in (f"--{name}", folder / value)]
    run = run_command("lists", *sorted((folder / "lists").iterdir()), *named)
    figures = {"seconds": run.seconds, "cpu_seconds": run.cpu_seconds, "peak_rss_mb": run.peak_mb}
    return {name: figure for name, figure in figures.items() if not math.isnan(figure)}


def score(folder: Path) -> dict[str, float]:
    """Compare the results of ``riskml lists`` with the truth about the lists in a folder, without the first delivery.

    Returns
    -------
    dict of str to float
        - ``rows``: rows of data, not counting exports of the register; all shares refer to these rows.
        - ``lost``: rows of data without any outcome; ``not_data_imported``: other rows that became records.
        - ``counted_twice``: events that several rows report and that became several records.
        - ``matched_right``: share of the decidable rows of registered people that were given to the right household
          and, where the row shows it, the right person; ``asked_needlessly``: share of them that became questions
          although the row leaves no doubt.
        - ``wrong_of_imported``: share of the imported rows that were given to a wrong household or are undecidable.
        - ``undecidable_asked``: share of the undecidable rows that became questions or were refused for a good reason.
        - ``columns_mapped`` and ``columns_wrong``: share of the columns that were recognised, and number of columns
          mistaken for another field.
        - ``values_right``: share of the values in correctly matched rows that are right.
    """
    meta = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["files"]
    truth, result = (_read_rows(folder / name) for name in ("truth.parquet", "result.parquet"))
    truth = truth[truth["file"].isin([file for file, noted in meta.items() if not noted["history"]])]
    lists = truth[truth["file"].isin([file for file, noted in meta.items() if noted["department"] != "register"])]
    outcomes = _group(result)
    verdicts, values = Counter[str](), Counter[str]()
    for key, expected in _group(lists[lists["row_kind"] == "data"]).items():
        verdict = _judge(expected[0], outcomes.get(key, []))
        verdicts[f"{expected[0]['decision']} {verdict}"] += 1
        if verdict == "right" and expected[0]["decision"] == "matched":
            values += _compare_values(expected, outcomes[key])
    decidable = sum(n for name, n in verdicts.items() if name.startswith("matched "))
    undecidable = sum(n for name, n in verdicts.items() if name.startswith("ask "))
    wrong = sum(n for name, n in verdicts.items() if name.endswith(" wrong"))
    others = truth[truth["row_kind"] != "data"][_ROW]
    imported = result.loc[result["decision"] == "matched", _ROW].drop_duplicates()
    columns = _compare_columns(meta, folder / "columns.csv")
    return {
        "rows": sum(verdicts.values()),
        "lost": sum(n for name, n in verdicts.items() if name.endswith(" lost")),
        "not_data_imported": len(others.merge(imported, on=_ROW)),
        "counted_twice": _count_twice(lists, result),
        "matched_right": verdicts["matched right"] / max(decidable, 1),
        "wrong_of_imported": wrong / max(verdicts["matched right"] + wrong, 1),
        "asked_needlessly": verdicts["matched asked"] / max(decidable, 1),
        "undecidable_asked": verdicts["ask right"] / undecidable if undecidable else 1.0,
        "columns_mapped": columns["right"] / max(columns.total(), 1),
        "columns_wrong": columns["wrong"],
        "values_right": values["right"] / max(values.total(), 1),
    }


def _read_rows(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    frame["row"] = frame["row"].astype(int)
    return frame


def _group(frame: pd.DataFrame) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    rows: list[Any] = frame.to_dict("records")
    for row in rows:
        groups.setdefault((row["file"], row["sheet"], row["row"]), []).append(row)
    return groups


def _judge(expected: dict[str, Any], got: list[dict[str, Any]]) -> str:
    """Classify the outcome of a row of data: right, wrong, asked fairly, asked, rejected or lost."""
    if not got:
        return "lost"
    decisions, accepted = {row["decision"] for row in got}, {*expected["accept"].split(";"), expected["decision"]}
    if decisions <= {"nothing", "repeat"} and (expected["repeat"] or not expected["table"]):
        return "right"
    if decisions & accepted and expected["decision"] != "matched":
        return "right"
    if "matched" not in decisions:
        fair = "asked fairly" if "ask" in decisions else "right"
        return fair if decisions & accepted else "asked" if "ask" in decisions else "rejected"
    if expected["decision"] != "matched":
        return "wrong"
    homes, persons = ({row[name] for row in got} - {""} for name in ("household_id", "person_id"))
    if expected["level"] == "region":
        return "right"
    if not homes <= {expected["household_id"], expected["household_alt"]}:
        return "wrong"
    return "right" if expected["level"] == "household" or persons <= {expected["person_id"]} else "rejected"


def _compare_values(expected: list[dict[str, Any]], got: list[dict[str, Any]]) -> Counter[str]:
    """Count the values of a row's records that are right, wrong or missing."""
    counts, left = Counter[str](), [row for row in got if row["decision"] == "matched" and row["table"]]
    if not left:
        return counts
    for record in (r for r in expected if r["table"]):
        columns = [c.name for c in TABLES[record["table"]].columns if record.get(c.name) and c.name not in _IDENTITY]
        same = [r for r in left if all(r[c] == record[c] for c in ("table", "source", "period_start") if c in r)]
        same = same or [r for r in left if r["table"] == record["table"] and r["source"] == record["source"]]
        if not same:
            counts["missing"] += len(columns) * (not record["optional"])
            continue
        for column in columns:
            counts["right" if _is_same(record, column, same[0].get(column, "")) else "wrong"] += 1
        left.remove(same[0])
    return counts


_IDENTITY = ("household_id", "member_id", "record_id", "channel", "statement")
_DEFAULTS = {"visits": "1", "months": "1"}


def _is_same(record: dict[str, Any], column: str, got: str) -> bool:
    true, got = record[column], got or _DEFAULTS.get(column, "")
    if column.endswith("_on") and column != "recorded_on":
        length = _DAY_LENGTH.get(record["precision"], 10)
        return bool(true[:length] == got[:length])
    if column == "measure":
        return true in got
    try:
        return abs(float(true) - float(got)) < 0.011
    except ValueError:
        return bool(true == got)


def _count_twice(lists: pd.DataFrame, result: pd.DataFrame) -> int:
    """Count the events that became several records, although several rows report the same one."""
    events = lists[(lists["decision"] == "matched") & lists["table"].isin(_EVENTS)]
    records = result[(result["decision"] == "matched") & (result["record_id"] != "")]
    keys = [*_ROW, "table", "source", "period_start"]
    joined = events[[*keys, "event_id"]].merge(records[[*keys, "record_id"]], on=keys)
    return int((joined.groupby(["event_id", "table"])["record_id"].nunique() > 1).sum())


def _compare_columns(meta: dict[str, Any], path: Path) -> Counter[str]:
    """Count the columns that were recognised, missed or mistaken for another field; unneeded columns do not count."""
    columns = pd.read_csv(path, dtype=str, keep_default_na=False)
    got = {(r["file"], r["sheet"], int(r["column"])): r["field"] for r in columns.to_dict("records")}
    counts = Counter[str]()
    for file, noted in meta.items():
        for sheet, page in noted["sheets"].items():
            for column in [] if noted["history"] or page["hidden"] else page["columns"]:
                mine, true = got.get((file, sheet, column["column"])) or "other", column["field"]
                if (mine, true) != ("other", "other"):
                    counts["right" if mine == true else "missed" if mine == "other" else "wrong"] += 1
    return counts
