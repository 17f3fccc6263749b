"""Every query about households is limited to a region: the test inspects every function that uses their tables."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4] / "serving" / "riskml_serving"
TABLES = {"HOUSEHOLDS", "CURRENT", "SCORES", "VERIFICATIONS", "RECORDS", "ASSIGNMENTS"}
SCOPE = {"within", "within_table", "narrow_to_region"}
HELD_BEFORE = {
    "operations/repository.py": {
        "read_last_received": "a time, of nobody",
        "read_last_scored": "a time, of nobody",
    },
    "operations/retention/repository.py": {
        "forget_rows": "a command of the operator, for all regions",
        "forget_in_register": "the same",
        "list_closed_before": "the same",
    },
    "store/records/repository.py": {
        "read_lines": "lines are no household's",
        "_select_rows": "read_rows takes codes that find_households let through; disasters of regions are nobody's",
        "add_rows": "intake has held every row against the register",
        "supersede": "the rows come from add_rows's caller",
        "holds_records": "says only whether there are any rows",
    },
    "judging/importing/repository.py": {"append": "a command of the operator, for all regions"},
    "judging/bulk/repository.py": {
        "select_regional": "disasters of regions are nobody's",
    },
    "judging/scores/repository.py": {
        "read_history": "takes one code that require_household let through",
        "write_scores": "takes changes of households that find_households let through",
        "_write_history": "takes scores of such households",
        "move_scores": "takes scores that read_current let through",
        "retract_scores": "the service itself withdraws a model's verdicts, in all regions",
    },
    "store/households/repository.py": {
        "add_households": "inserts only what is not there",
        "update_households": "takes rows that find_households let through",
        "is_open": "a condition of queries that are narrowed",
    },
    "casework/assignments/repository.py": {"add_assignment": "takes a household that was required before"},
    "web/household/repository.py": {"read_freshness": "narrowed by _narrow"},
    "casework/worklist/repository.py": dict.fromkeys(
        (
            "_correlate",
            "_select_run_start",
            "_select_first",
            "_select_last_verification",
            "_was_visited",
            "_select_assignee",
            "_select_facts",
            "is_entry_known",
            "is_entry_open",
            "_has_monitoring",
            "_narrow",
            "read_list",
            "count_by_signal",
            "count_late",
        ),
        "part of a query on current scores that _build_conditions narrows",
    ),
    "casework/verifications/repository.py": {
        "add_verification": "takes a household that require_household let through",
        "is_in_force": "a condition of queries that are narrowed",
    },
}


def list_functions():
    for path in sorted(ROOT.rglob("*.py")):
        if path.name == "tables.py" or {"migrations", "benchmark"} & set(path.parts):
            continue  # a benchmark has no caller to restrict, and its county is simulated
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                if names & TABLES:
                    yield path.relative_to(ROOT).as_posix(), node.name, names


FOUND = list(list_functions())


@pytest.mark.parametrize(("path", "name", "names"), FOUND, ids=[f"{path}:{name}" for path, name, _ in FOUND])
def test_every_query_about_households_is_limited_to_a_region(path, name, names):
    assert path.endswith("/repository.py"), "SQL belongs in repository.py only"
    if name not in HELD_BEFORE.get(path, {}):
        assert names & SCOPE, f"{path}: {name} touches {names & TABLES} without a region"


def test_every_exempt_function_still_exists():
    assert {(path, name) for path, own in HELD_BEFORE.items() for name in own} <= {
        (path, name) for path, name, _ in FOUND
    }
