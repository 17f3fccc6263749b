"""``riskml-serving users``: creating, changing or disabling an account takes effect on the pages at once."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.commands import cli


@pytest.fixture
def run_users(site):
    def call(*arguments, password=""):
        return CliRunner().invoke(cli.app, ["users", *arguments, "--db", str(site.engine.url)], input=password)

    return call


def list_accounts(run_users):
    rows = (line.split("\t") for line in run_users("list").stdout.splitlines())
    return {name: rest for name, *rest in rows}


def test_an_account_is_created_listed_changed_and_disabled(site, run_users):
    region, first, second = site.world.villages[0], "first long password", "second long password"
    made = run_users(
        "create", "wangfang", "--role", "village", "--region", region, "--name", "王芳", password=f"{first}\n"
    )
    assert (made.exit_code, made.stdout) == (0, "Created the account wangfang.\n")
    assert list_accounts(run_users)["wangfang"] == ["village", region, "no health details", "no names", "valid", "王芳"]
    assert site.sign_in("wangfang", first).headers["location"] == "/worklist"
    assert "王芳" in site.get("/worklist").text
    assert run_users("password", "wangfang", password=f"{second}\n").exit_code == 0
    assert "/sign-in" in str(site.get("/worklist").url), "a new password ends the sessions"
    assert site.sign_in("wangfang", first).status_code != 303
    assert site.sign_in("wangfang", second).status_code == 303
    assert run_users("disable", "wangfang").stdout == "Disabled wangfang.\n"
    assert "/sign-in" in str(site.get("/worklist").url), "an open session ends at once"
    assert site.sign_in("wangfang", second).status_code != 303
    assert list_accounts(run_users)["wangfang"][4] == "disabled"


def test_rights_must_be_granted_explicitly_and_a_lock_is_listed(site, run_users):
    rights, region = ("--health-details", "--identity"), site.world.regions["county"]
    made = run_users(
        "create", "li", "--role", "county", "--region", region, *rights, password="a long enough password\n"
    )
    assert made.exit_code == 0
    assert list_accounts(run_users)["li"][2:5] == ["health details", "names", "valid"]
    for _ in range(site.client.app.state.settings.sign_in_failures):
        site.sign_in("li", "wrong")
    assert list_accounts(run_users)["li"][4] == "locked"
    assert run_users("password", "li", password="another long password\n").exit_code == 0
    assert list_accounts(run_users)["li"][4] == "valid"


@pytest.mark.parametrize(("arguments", "password"), [
    (("create", "x", "--role", "village", "--region", "99"), "a long enough password"),
    (("create", "x", "--role", "king"), "a long enough password"),
    (("create", "x", "--role", "county", "--region", "990101"), "short"),
    (("create", "county", "--role", "county", "--region", "990101"), "a long enough password"),
    (("password", "nobody"), "a long enough password"),
    (("disable", "nobody"), ""),
])  # fmt: skip
def test_invalid_arguments_are_rejected_with_a_clear_message(site, run_users, arguments, password):
    before = list_accounts(run_users)
    ran = run_users(*arguments, password=f"{password}\n")
    assert ran.exit_code != 0
    assert isinstance(ran.exception, UsageError)
    assert ran.exception.message
    assert list_accounts(run_users) == before
