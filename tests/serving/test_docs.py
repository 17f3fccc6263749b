"""Everything in docs/serving works as printed: commands, curl lines, metrics, the image and the compose file."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from riskml_serving.base.settings import PREFIX, SECRETS, Settings
from riskml_serving.commands.cli import app as commands

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "serving"
README = (DOCS / "README.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def find_free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="curl or bash is missing")
def test_the_curl_commands_work_as_printed(bundle_path, tmp_path):
    """Run all lines in one shell in an empty folder, changing only the port, because it may be in use."""
    port = find_free_port()
    script = (
        "\n".join(BLOCKS)
        .replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        .replace("curl ", "echo; curl --fail-with-body ")
    )
    script = f"set -eu\ntrap 'kill %1' EXIT\n{script}\ntrap - EXIT; kill %1; wait %1 || true"
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        f"{PREFIX}BUNDLE": str(bundle_path),
        f"{PREFIX}PORT": str(port),
    }
    shell = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={**os.environ, **own}, capture_output=True, text=True, timeout=120
    )
    assert shell.returncode == 0, shell.stdout[-2000:] + shell.stderr
    answers = [json.loads(line) for line in shell.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == len(re.findall(r"^curl", "\n".join(BLOCKS), re.MULTILINE)) == 14
    ready, scores, records, page = answers[:4]
    assert ready["status"] == "ready"
    assert scores["scores"][0]["explanation"]
    assert records["request_id"]
    assert [row["household_id"] for row in page["households"]] == ["demo-1"]
    assert (tmp_path / "riskml.db").exists()


def test_the_documentation_lists_exactly_the_existing_metrics(client, key):
    text = client.get("/metrics", headers=key("", "admin")).text
    there = {name for name in re.findall(r"^# TYPE (riskml_\w+)", text, re.MULTILINE) if not name.endswith("_created")}
    documented = set(re.findall(r"^\| `(riskml_\w+)`", OPERATIONS, re.MULTILINE))
    later = {"riskml_score_drift_psi", "riskml_data_scored_timestamp_seconds"}  # absent until set
    later |= {"riskml_audit_checkpoint_entry", "riskml_audit_checkpoint_timestamp_seconds"}
    assert there - documented == set()
    assert documented - there <= later


def list_commands(group, before=()):
    from typer.main import get_command

    def walk(command, path):
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(path)
            return
        for name, part in inner.items():
            yield from walk(part, (*path, name))

    return list(walk(get_command(group), before))


def test_every_command_in_the_docs_exists():
    known = set(list_commands(commands))
    for page in (README, OPERATIONS):
        for words in re.findall(r"riskml-serving ((?:[a-z][a-z-]* ?)+)", page):
            parts = words.split()
            assert " ".join(parts[:2]) in known or parts[0] in known, words


def read_instructions():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [line.partition(" ")[::2] for line in lines]


def test_the_image_runs_unprivileged_and_has_a_health_check():
    steps = read_instructions()
    final = steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM") :]
    words = dict(final)
    assert words["USER"] == "10001"
    assert final.index(("USER", "10001")) > max(i for i, (word, _) in enumerate(final) if word in ("RUN", "COPY"))
    assert "/readyz" in words["HEALTHCHECK"]
    assert words["CMD"] == '["riskml", "serve"]'
    assert all(":" in image and "latest" not in image for word, image in steps if word == "FROM")
    assert not [rest for word, rest in steps if word == "ADD"]


def test_the_image_includes_the_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    copied = {name for word, rest in read_instructions() if word == "COPY" for name in rest.split()[:-1]}
    assert {*project["license-files"], project["readme"]} <= copied
    allowed = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert all(f"!{name}" in allowed for name in project["license-files"])


def test_every_file_the_image_copies_exists_and_is_not_ignored():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    for word, rest in read_instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert source in allowed


def test_every_setting_in_the_image_and_compose_file_exists():
    text = (ROOT / "Dockerfile").read_text("utf-8") + (ROOT / "compose.yaml").read_text("utf-8")
    named = {name.lower() for name in re.findall(rf"{PREFIX}([A-Z_]+)", text)}
    assert {f"{name}_file" for name in SECRETS} & named == {"database_url_file"}
    named = {name.removesuffix("_file") if name.removesuffix("_file") in SECRETS else name for name in named}
    assert named <= set(Settings.model_fields)


@pytest.mark.filterwarnings("ignore::UserWarning:mlflow.*")
def test_every_command_in_the_image_and_compose_file_exists():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    program, *words = compose["migrate"]["command"]
    assert program == "riskml-serving"
    assert " ".join(words) in list_commands(commands)
    assert "command" not in compose["service"], "the image's default command is used"
    options = {word.partition("=")[0] for word in compose["mlflow"]["command"][2:]}
    from mlflow.cli import server

    assert options <= {option for parameter in server.params for option in parameter.opts}


@pytest.mark.parametrize("service", ["service", "migrate"])
def test_the_containers_of_compose_use_postgresql_and_the_image_alone_sqlite(service, tmp_path, monkeypatch):
    """The image's own settings must not take precedence over those of the compose file."""
    (image,) = (rest for word, rest in read_instructions() if word == "ENV")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    (tmp_path / "url").write_text("postgresql://riskml@postgres/riskml")
    (tmp_path / "own").write_text("sqlite:////data/riskml.db")
    assert f"echo {(tmp_path / 'own').read_text()} > /etc/riskml-database-url" in (ROOT / "Dockerfile").read_text()
    files = {"/run/secrets/database_url": str(tmp_path / "url"), "/etc/riskml-database-url": str(tmp_path / "own")}

    def read_address(named):
        for name, value in named.items():
            if name.removeprefix(PREFIX).removesuffix("_FILE").lower() in SECRETS:
                monkeypatch.setenv(name, files.get(value, value))
        return Settings().database_url

    assert read_address(dict(pair.split("=", 1) for pair in image.split())) == "sqlite:////data/riskml.db"
    assert read_address(compose[service]["environment"]) == "postgresql://riskml@postgres/riskml"


def test_the_compose_file_hardens_its_services():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"postgres", "mlflow", "migrate", "service"}
    for name in services:
        assert services[name]["read_only"] is True
        assert services[name]["mem_limit"]
        assert services[name]["init"] is True
        assert services[name]["logging"] == {"driver": "local"}, "other logs grow until the disk is full"
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
        if name == "postgres":
            assert services[name]["user"] == "postgres"
        else:
            assert "user" not in services[name], "the image's default user is not root"
        assert not [value for value in services[name].get("environment", {}).values() if "PASSWORD" in str(value)]
    assert services["service"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    ready = services["postgres"]["healthcheck"]["test"]
    assert "--host=127.0.0.1" in ready, "the server that creates the database listens on its socket only"
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"]
    internal = {name for name, network in compose["networks"].items() if (network or {}).get("internal")}
    for name in ("postgres", "mlflow"):
        assert "ports" not in services[name]
        assert set(services[name]["networks"]) <= internal, "nothing outside reaches it"
    for name in ("TRUSTED_KEYS", "TRUSTED_PROXIES", "ALLOWED_HOSTS"):  # a name without a value is taken from .env
        assert services["service"]["environment"][f"{PREFIX}{name}"] is None
        assert f"{PREFIX}{name}=" in OPERATIONS
    files = {name: secret["file"] for name, secret in compose["secrets"].items()}
    assert all(re.search(rf"(> |keys create\S* /){file}\n", OPERATIONS) for file in files.values())
    environment, secrets = services["service"]["environment"], services["service"]["secrets"]
    assert {f"/run/secrets/{name}" for name in secrets} == {
        value for value in environment.values() if str(value).startswith("/run/secrets/")
    }
    assert {"audit_key", "identity_key"} <= {*secrets} - {*services["migrate"]["secrets"]}
    assert environment[f"{PREFIX}AUDIT_CHECKPOINTS"].startswith("/data/"), "out of the database, on a volume"
    assert (ROOT / ".gitignore").read_text().splitlines().count("/secrets/") == 1
    grace = int(services["service"]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings().shutdown_seconds
