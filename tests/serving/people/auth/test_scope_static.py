"""Every query about households is limited to a region: the test inspects every function that uses their tables."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4] / "serving" / "riskml_serving"
TABLES = {
    "HOUSEHOLDS",
    "CURRENT",
    "SCORES",
    "VERIFICATIONS",
    "RECORDS",
    "ASSIGNMENTS",
    "PERSONS",
    "CASE_FACTS",
    "HELP_BEGUN",
    "CLUES",
    "CLUE_NAMES",
}
SCOPE = {"is_in_region", "is_row_in_region", "narrow_to_region"}
EXEMPT = {
    "operations/repository.py": {
        "read_last_received": "returns a time and nothing about a household",
        "read_last_scored": "returns a time and nothing about a household",
    },
    "operations/exporting/repository.py": dict.fromkeys(
        ("read_records", "read_entries", "list_known_tables"), "part of a command of the operator, for all regions"
    ),
    "operations/retention/repository.py": {
        "forget_rows": "part of a command of the operator, for all regions",
        "delete_names": "part of a command of the operator, for all regions",
        "forget_in_register": "part of a command of the operator, for all regions",
        "list_closed_before": "part of a command of the operator, for all regions",
    },
    "store/records/repository.py": {
        "read_lines": "poverty lines belong to no household",
        "read_regional": "regional disasters belong to no household",
        "_select_same_days": "its callers hold the locks of the households, which they found in their region",
        "_select_rows": "read_rows gets codes that find_households has checked; no household owns a regional disaster",
        "add_rows": "intake has checked every row against the register",
        "supersede": "the rows come from the caller of add_rows",
        "holds_records": "returns only whether there are any rows",
    },
    "judging/importing/repository.py": dict.fromkeys(
        (
            "read_last",
            "list_touched",
            "_list_households",
            "append",
            "list_received",
            "list_members",
            "read_rivals",
            "take_back_rows",
            "list_empty",
        ),
        "part of an import or its withdrawal, for all regions",
    ),
    "judging/bulk/repository.py": {
        "_select_rows": "limited to a region by _select_codes",
        "_select_regional": "regional disasters belong to no household",
    },
    "judging/scores/repository.py": {
        "read_history": "gets one code that require_household has checked",
        "write_scores": "gets changes of households that find_households has checked",
        "_write_history": "gets scores of households that find_households has checked",
        "move_scores": "gets scores that read_current has returned",
        "retract_scores": "the service withdraws a model's verdicts in all regions",
    },
    "register/repository.py": {
        "upsert_persons": "stores what a desk or command for the whole county has matched",
        "read_persons_in": "gets households that a query limited to a region has returned",
        "read_persons": "returns codes to follow_members, which moves persons only to households that follow theirs",
        "remove_persons": "gets the persons that came with lists that are withdrawn, in all regions",
        "delete_persons": "gets households that the withdrawal of an import removes, in all regions",
        "move_persons": "gets a closed household and its follower, both of which the request has found",
        "change_person": "gets persons that follow_members has checked",
        "_select_in_region": "limited to a region by narrow_to_region",
        "find_households": "limited to a region by _select_in_region",
        "read_names": "limited to a region by _select_in_region",
        "list_key_ids": "returns ids of keys and nothing about a household",
        "read_with_other_keys": "part of a command of the operator, for all regions",
    },
    "store/households/repository.py": {
        "list_followers": "gets households of persons, and tells follow_members which households follow them",
        "add_households": "inserts only households that are not stored yet",
        "update_households": "gets rows that find_households has checked",
        "delete_households": "part of the withdrawal of an import, for all regions",
        "is_open": "a condition in queries that are limited to a region",
    },
    "store/facts/repository.py": {
        "add_facts": "gets facts about a household that require_household has checked",
        "list_stated": "returns those of the given codes about which facts are stored",
        "read_facts": "gets codes that require_household, or the rows of an import, have named",
        "read_facts_of_visits": "gets verifications that a query limited to a region has returned",
        "move_fact": "gets a fact of a household that a closure or an import has locked",
        "undo_facts": "gets a verification that undo has found in the region",
    },
    "store/helps/repository.py": dict.fromkeys(
        ("add_helps", "read_begun", "read_versions", "change_help", "drop_helps"),
        "gets households that a request or a job has found in its region and locked, or help read for them",
    ),
    "casework/reassessments/repository.py": {
        "_is_reassessed": "a condition in queries that are limited to a region",
    },
    "casework/assignments/repository.py": {"add_assignment": "gets a household that require_household has checked"},
    "web/household/repository.py": {"read_freshness": "limited to a region by _narrow"},
    "casework/worklist/repository.py": dict.fromkeys(
        (
            "_correlate",
            "_select_run_start",
            "_select_first",
            "_select_last_verification",
            "_was_met",
            "_select_assignee",
            "_select_clue",
            "_is_in_section",
            "_select_section",
            "_select_facts",
            "is_entry_known",
            "is_entry_open",
            "_has_monitoring",
            "_narrow",
            "read_list",
            "count_by_signal",
        ),
        "part of a query on current scores that _build_conditions limits to a region",
    ),
    "casework/clues/repository.py": {
        "_select_after": "part of _select_clues, which is limited to a region",
        "is_unsettled": "a condition in queries that are limited to a region",
        "find_clued": "returns those of the given codes, which a query limited to a region has returned",
        "add_clue": "gets a household or a region that the request has checked",
        "add_names": "gets a clue that the request has saved",
        "read_names": "gets clues that a query limited to a region has returned",
        "find_clue": "limited to a region by _select_clues",
        "read_clues": "limited to a region by _select_clues",
    },
    "casework/verifications/repository.py": {
        "add_verification": "gets a household that require_household has checked",
        "is_in_force": "a condition in queries that are limited to a region",
        "is_entry": "a condition in queries that are limited to a region, or of the operator's export",
    },
}
"""Functions that need no condition on the region, by file, each with the reason."""


def list_functions():
    for path in sorted(ROOT.rglob("*.py")):
        if path.name == "tables.py" or {"migrations", "benchmark"} & set(path.parts):
            continue  # a benchmark has no caller to restrict, and its county is simulated
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                if names & TABLES:
                    yield path.relative_to(ROOT).as_posix(), node.name, names


FUNCTIONS = list(list_functions())


@pytest.mark.parametrize(("path", "name", "names"), FUNCTIONS, ids=[f"{path}:{name}" for path, name, _ in FUNCTIONS])
def test_every_query_about_households_is_limited_to_a_region(path, name, names):
    assert path.endswith("/repository.py"), "SQL belongs in repository.py only"
    if name not in EXEMPT.get(path, {}):
        assert names & SCOPE, f"{path}: {name} uses {names & TABLES} without limiting them to a region"


def test_every_exempt_function_still_exists():
    assert {(path, name) for path, own in EXEMPT.items() for name in own} <= {
        (path, name) for path, name, _ in FUNCTIONS
    }
