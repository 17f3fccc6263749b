"""Every package is pinned with its hashes; `make audit` never calls packages sound that it could not look up."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.audit import PINS, describe, main

EVERY = sorted(PINS.parent.glob("*.txt"))
SOUND = {"name": "a", "version": "1", "vulns": []}
WRONG = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([SOUND], 0, "1 of 1 packages were looked up: 0 known"),
        ([SOUND, WRONG], 1, "b 2: PYSEC-1, fixed in 3"),
        ([SOUND, UNKNOWN], 2, "NOT CHECKED: c"),
        ([UNKNOWN, UNKNOWN], 2, "NOTHING WAS CHECKED: none of 2"),
        ([], 2, "NOTHING WAS CHECKED"),
    ],
)
def test_only_packages_that_were_looked_up_count_as_sound(packages, code, words):
    lines, own = describe(packages)
    assert own == code
    assert words in "\n".join(lines)


def test_a_checker_that_fails_is_no_proof(capsys):
    assert main("false") == 2
    assert "NOTHING WAS CHECKED" in capsys.readouterr().out


@pytest.mark.parametrize("path", EVERY, ids=[path.name for path in EVERY])
def test_every_package_is_pinned_with_the_hashes_of_its_files_and_no_index_is_named(path):
    text = path.read_text("utf-8")
    pins = re.split(r"\n(?=\S)", text.strip())
    for pin in pins:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+ ", pin), pin
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", pin), pin
    assert "://" not in text
    assert "--index" not in text


def test_a_file_with_another_hash_than_the_pinned_one_is_not_installed(tmp_path):
    """As the Makefile and the image install, with pip for uv and with uv for the rest."""
    info, wheel = "pinned-1.dist-info", tmp_path / "pinned-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as file:
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pinned\nVersion: 1\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    own = hashlib.sha256(wheel.read_bytes()).hexdigest()
    installers = {"pip": [sys.executable, "-m", "pip"], "uv": [str(Path(sys.executable).with_name("uv")), "pip"]}
    for name, installer in installers.items():
        for pin, installed in (("0" * 64, False), (own, True)):
            (tmp_path / "pins.txt").write_text(f"pinned==1 --hash=sha256:{pin}\n")
            target = tmp_path / f"{name}-{installed}"
            words = ["install", "--no-index", f"--find-links={tmp_path}", f"--target={target}", "-r"]
            ran = subprocess.run([*installer, *words, tmp_path / "pins.txt"], capture_output=True, text=True)
            assert (ran.returncode == 0, (target / info).exists()) == (installed, installed), ran.stderr


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_packages_are_installed_from_the_pinned_files_only(name):
    lines = re.sub(r"\\\n", "", (PINS.parents[1] / name).read_text("utf-8")).splitlines()
    commands = [one for line in lines for one in line.split("&&") if "pip install" in one]
    assert len(commands) >= 3
    for command in commands:
        assert re.search(r" -r requirements/\w+\.txt\s*$| --no-deps ", command), command
        assert "verify-hashes" not in command
