"""The notebooks run from start to end without a warning, and contain no trace of the machine they were written on."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.acceptance

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("01_know_the_records", "02_retrain_and_compare", "03_explain_households", "04_audit_and_release")
LONGEST = 13
"""Maximum number of lines in a cell; longer code belongs in riskml."""


def list_cells(name: str, kind: str) -> Iterator[dict[str, Any]]:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))
    return (cell for cell in notebook["cells"] if cell["cell_type"] == kind)


def read_text(name: str, kind: str) -> str:
    return "\n".join("".join(cell["source"]) for cell in list_cells(name, kind))


def test_every_notebook_is_listed() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.ipynb"))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_contain_no_output_and_no_trace_of_a_machine(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text("utf-8")
    notebook = json.loads(text)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    for trace in ("/home/", "/tmp/", "/Users/", ":\\\\", "image/png"):
        assert trace not in text
    assert text == json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_explains_its_code_and_says_the_county_is_simulated(name: str) -> None:
    assert "模拟县数据，非真实农户" in read_text(name, "markdown")
    code = list(list_cells(name, "code"))
    assert len(list(list_cells(name, "markdown"))) >= len(code) / 2
    for cell in code:
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= LONGEST, source
        defined = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert not defined, "functions and classes belong in riskml, not in a notebook"
        if "plt.show()" in source:
            assert "with use_chinese_font():" in source
            assert "模拟" in source
        assert (
            ("draw_timeline_svg(" not in source) or "simulated=True" in source or "import draw_timeline_svg" in source
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a notebook in an empty folder, as an analyst would; a glyph missing from a plot causes a warning."""
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "TMPDIR"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    here = tmp_path / "here"
    here.mkdir()
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(here)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    pictures = [output for output in outputs if {"image/png", "image/svg+xml"} & set(output.get("data", {}))]
    shows = read_text(name, "code").count("plt.show()") + read_text(name, "code").count("SVG(draw_timeline_svg(")
    assert len(pictures) == shows > 0
    assert not list(here.iterdir()), "a notebook may write only into its temporary folder"
