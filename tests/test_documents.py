"""All files, folders, make targets, links, commands and options that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "models" / "README.md")
    if path.name != "CHANGELOG.md"
]
BASES = ("", "src/riskml", "serving/riskml_serving", "src", "serving")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.*-]*)`")
TARGET = re.compile(r"`make ([a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_has_a_target(document):
    broken = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]
    assert not broken


NAMING = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/security.md",
    "docs/release-process.md",
]
NAMING += [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "adr").glob("01*.md")]


@pytest.mark.parametrize("name", NAMING)
def test_named_files_and_targets_exist(name):
    text = (ROOT / name).read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert not {target for target in TARGET.findall(text) if target not in targets}
    missing = [  # capitals are placeholders for a name
        path
        for path in PATH.findall(text)
        if not re.search("[A-Z]{4}", path)
        and not any(next((ROOT / base).glob(path.rstrip("/")), None) for base in BASES)
    ]
    assert not missing, f"{name} names files that do not exist"


def list_commands(text):
    """List the words of the command lines of riskml that a document shows in blocks and within sentences."""
    program = r"(?:\.venv/bin/)?riskml(?:-serving)? "
    blocks = "\n".join(re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)).splitlines()
    blocks += re.findall(r"^ {4}.*$", text, re.MULTILINE)
    lines = [line.partition("#")[0] for line in blocks if re.match(rf" *{program}", line)]
    return [line.split() for line in (*lines, *re.findall(rf"`({program}[^`]+)`", text))]


@pytest.fixture(scope="module")
def programs():
    """Return the commands of both programs."""
    from typer.main import get_command

    from riskml.cli.main import build_app
    from riskml_serving.commands.cli import app

    return {"riskml": get_command(build_app()), "riskml-serving": get_command(app)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_line_has_one_command_and_only_its_options(document, programs):
    for program, *words in list_commands(document.read_text("utf-8")):
        line = f"{program} {' '.join(words)}"
        command, options = programs[Path(program).name], {"--help", "--lang"}
        for word in words:
            if not (hasattr(command, "commands") and re.fullmatch("[a-z-]*[a-z]", word) and word[0] != "-"):
                break
            assert word in command.commands, f"unknown command: {line}"
            command = command.commands[word]
        options |= {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line
        assert not programs.keys() & set(words), f"two commands on one line: {line}"
