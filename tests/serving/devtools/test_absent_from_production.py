"""Developer tools exist only in the checkout; neither the built package nor the image contains or offers them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILD = "from setuptools.build_meta import build_wheel; build_wheel('dist')"


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory):
    """Build the wheel from a copy of the checkout and unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("src", "serving"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", PROJECT["readme"], "LICENSE"):
        shutil.copy(ROOT / name, folder)
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, capture_output=True, check=True, timeout=300)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "shipped")
    return folder / "shipped"


def run(unpacked_wheel, program, *words):
    """Run a program with only the wheel's files and its dependencies, bypassing the editable install's import hooks."""
    module, _, function = PROJECT["scripts"][program].partition(":")
    code = (
        f"import sys; sys.path[:0] = [{str(unpacked_wheel)!r}]; sys.path.append({sysconfig.get_path('purelib')!r})\n"
        f"import {module} as program; assert program.__file__.startswith({str(unpacked_wheel)!r})\n"
        f"sys.argv = {[program, *words]!r}; program.{function}()"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, cwd=unpacked_wheel, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def list_commands(help_text):
    _, _, commands = help_text.partition("\nCommands:\n")
    return set(re.findall(r"^  (\S+) ", commands, re.MULTILINE))


def test_the_wheel_contains_the_service_but_no_developer_tools(unpacked_wheel):
    files = [path.relative_to(unpacked_wheel).as_posix() for path in unpacked_wheel.rglob("*") if path.is_file()]
    assert "riskml_serving/running/app.py" in files
    assert "riskml_serving/base/database/migrations/versions/0001_tables.py" in files
    assert not [path for path in files if path.startswith("riskml_serving/devtools")]


def test_the_shipped_commands_work_and_include_no_developer_tools(unpacked_wheel):
    assert {"serve", "train", "benchmark"} <= list_commands(run(unpacked_wheel, "riskml", "--help"))
    benchmarks = list_commands(run(unpacked_wheel, "riskml", "benchmark", "--help"))
    assert {"gsoep", "features"} <= benchmarks
    assert benchmarks.isdisjoint({"serving", "scale"})
    served = list_commands(run(unpacked_wheel, "riskml-serving", "--help"))
    assert {"keys", "db", "import", "openapi", "settings", "worker"} <= served
    assert served.isdisjoint({"gallery", "pages"})


def list_packages(path):
    """List the names of the packages that a requirements file installs."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines if line and line[0] not in "# "}


def test_the_image_installs_no_developer_packages():
    extra = {re.match(r"[\w.-]+", line)[0].lower() for line in PROJECT["optional-dependencies"]["devtools"]}
    assert extra <= list_packages("requirements/dev.txt")
    assert extra.isdisjoint(list_packages("requirements/serve.txt"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (compiled,) = (line for line in makefile.splitlines() if "--output-file requirements/serve.txt" in line)
    assert "--extra serve" in compiled
    assert "devtools" not in compiled
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installed = re.findall(r"pip install [^&\n]*", dockerfile)
    assert any("-r requirements/serve.txt" in line for line in installed)
    assert any(line.rstrip().endswith("--no-deps .") for line in installed)
    assert "[" not in "".join(installed), "the image must install no extras"
    assert "dev" not in "".join(installed)
