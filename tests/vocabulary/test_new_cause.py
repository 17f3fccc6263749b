"""A new cause needs only one declaration and one policy row: if a process declares a cause, it appears everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "models"
ROW = "  example:\n    - {code: example_advice, zh: 示例调解, en: example advice, source: test}\n"


def declare(folder: Path, row: str, steps=(("核对借据", "Check the notes of hand"),)) -> None:
    """Declare the cause before any module that reads the vocabulary is imported, and add its row to the policy."""
    from riskml.vocabulary import causes, terms

    example = causes.Cause("example", "因示例", "example", subject=("示例", "example"), steps=steps)
    *others, last = causes.CAUSES.values()
    causes.CAUSES = terms.Vocabulary(*others, example, last)

    from riskml.policy import table

    text = table.files("riskml.policy").joinpath("policy.yaml").read_text("utf-8")
    text = text.replace("    cause: work\n", "    cause: example\n") + row
    (folder / "policy.yaml").write_text(text, "utf-8")
    procedure = table.files("riskml.policy").joinpath("procedure.yaml").read_text("utf-8")
    (folder / "procedure.yaml").write_text(procedure, "utf-8")
    table.files = lambda _: folder


def use(folder: Path) -> dict[str, object]:
    """Return what each part of riskml that names causes says about the new cause."""
    from documents.features import describe as describe_features
    from documents.policy import render_handbook
    from documents.tables import describe as describe_tables
    from riskml.explanation import Narrator
    from riskml.explanation.household.rendering import render
    from riskml.features import CATALOGUE
    from riskml.lists.words import find_words
    from riskml.model import Bundle
    from riskml.policy import load_policy
    from riskml.records.contract.calendar import to_day
    from riskml.records.panel.store import Records
    from riskml.reporting import render_report
    from riskml.simulation import simulate
    from riskml_serving.api.verifications.schemas import VERIFICATION_REQUEST
    from riskml_serving.people.auth import Caller
    from riskml_serving.web.shell.words import get_word, list_causes

    CATALOGUE["job_losses_12m"] = replace(CATALOGUE["job_losses_12m"], cause="example")
    bundle = Bundle.load(next(MODELS.glob("*/manifest.json")).parent)
    months = [f"2023-{month:02d}-01" for month in range(1, 13)]
    records = Records.from_tables(
        {
            "households": {"household_id": ["H1"], "region_code": ["130529101203"], "size": [2]},
            "income": {
                "household_id": ["H1"] * 12,
                "period_start": months,
                "source": ["wage"] * 12,
                "amount": [1500] * 12,
            },
            "events": {"household_id": ["H1"], "occurred_on": ["2023-10-01"], "kind": ["job_loss"]},
            "lines": {"region_code": ["13"], "effective_from": ["2023-01-01"], "amount": [8300]},
        }
    )
    narrator = Narrator(bundle, load_policy())
    explanation = narrator.explain(records.panel(to_day("2023-12-31"), basis=narrator.settings.basis))
    report = bundle.report
    report["contributions"]["causes"]["example"] = 9.0
    report["contributions"]["features"][0]["cause"] = "example"
    page = render_report(bundle, report_data=report)
    simulate(folder / "county", 3, 14, 1, None, "none")
    return {
        "steps": [step.zh for step in explanation.steps if step.cause == "example"],
        "options": [measure.zh for measure in explanation.options["example"]],
        "text": "示例调解" in render(explanation, "zh") and "example advice" in render(explanation, "en"),
        "answer": "example" in json.dumps(explanation.to_json()),
        "filter": [get_word("cause", code, "zh") for code in list_causes(Caller("k", "13", frozenset()))],
        "schema": VERIFICATION_REQUEST.adapter.json_schema()["properties"]["causes"]["items"]["enum"],
        "report": all(name in page for name in ("因示例", "因病")),
        "handbook": "| 因示例 / example | 示例调解 / example advice | test |" in render_handbook(load_policy()),
        "tables": "`example` 因示例" in describe_tables(),
        "features": "`example` 因示例" in describe_features(),
        "lists": find_words("monitoring.causes", "因病、因示例") == ["illness", "example"],
    }


def run(case: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, __file__, case, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=environment)


@pytest.mark.slow
@pytest.mark.integration
def test_a_declared_cause_with_a_policy_row_appears_everywhere(tmp_path):
    done = run("declared", tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert (content["steps"], content["options"]) == (["核对借据"], ["示例调解"])
    assert "因示例" in content["filter"]
    assert "example" in content["schema"]
    assert all(content[name] for name in ("text", "answer", "report", "handbook", "tables", "features", "lists"))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no row", ("'example'", "measures", "riskml/policy/policy.yaml", "at least one measure")),
        ("no step", ("'example'", "no verification step", "riskml/vocabulary/causes.py")),
    ],
)
def test_the_error_for_an_incomplete_cause_names_the_file_to_edit(tmp_path, case, words):
    done = run(case, tmp_path)
    assert done.returncode == 1
    assert "KeyError" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_a_feature_with_an_undeclared_cause_is_rejected():
    from riskml.features.catalogue import feature

    with pytest.raises(ValueError, match=r"no cause 'example' is declared: add it to riskml/vocabulary/causes\.py"):
        feature(topic="leads", unit="count", cause="example", zh="", en="")


if __name__ == "__main__":
    name, target = sys.argv[1], Path(sys.argv[2])
    row = {"no row": {"row": ""}, "no step": {"row": ROW, "steps": ()}}.get(name, {"row": ROW})
    try:
        declare(target, **row)
        sys.stdout.write(json.dumps(use(target), ensure_ascii=False))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error} {getattr(error, 'hint', '')}")
