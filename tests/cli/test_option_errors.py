"""Errors of the command line itself, such as an unknown option, are in the reader's language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer
from typer._click.exceptions import NoArgsIsHelpError
from typer.main import get_command

from riskml.cli.main import build_app
from riskml.cli.option_errors import load_wordings, parse_option_error

LIBRARY = Path(typer.__file__).parent
RAISING = {"ClickException", "UsageError", "BadParameter", "MissingParameter", "NoSuchOption", "BadOptionUsage"}
RAISING |= {"BadArgumentUsage", "FileError", "fail"}
VARIABLES = {"e.message", "hint", "message", "msg", "suggest"}
"""Variables in the code of Typer that hold parts of an error's text."""

UNSEEN = {
    "cli.py": "typer's own command",
    "main.py": "callbacks that a programmer declared wrongly",
    "testing.py": "the client for tests",
    "utils.py": "an option that a programmer declared wrongly",
    "_click/_compat.py": "errors of a programmer",
    "_click/formatting.py": "errors of a programmer",
    "_click/termui.py": "prompts",
    "_click/utils.py": "errors of a programmer",
    "_click/_winconsole.py": "errors of a programmer",
    "Expected one list item type, got: {}": "an option that a programmer declared wrongly",
    "Boolean option {} cannot use the same flag for true/false.": "an option that a programmer declared wrongly",
    "Invalid start character for option ({})": "an option that a programmer declared wrongly",
    "unknown action '{}'": "an option that a programmer declared wrongly",
    "Try '{} {}' for help.\n": "worded by `riskml.cli.terminal`",
    "DeprecationWarning: The command {} is deprecated.{}": "no command is deprecated",
    "Missing parameter: {}": "the text of the exception, which is not shown",
}
"""Files and wordings that no user of a command meets, each with the reason."""

ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")
BAD = ("abc", "", "1.5", "-5", "9" * 5000, "nan", "1e400", "é", "no/such/file", "/")


def list_wordings():
    """List the wordings of Typer's errors, with ``{}`` for each value."""
    for path in sorted(LIBRARY.rglob("*.py")):
        source = path.relative_to(LIBRARY).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in RAISING | {"ValueError"}:
                    pass
                case ast.Assign(targets=[target]) if ast.unparse(target) in VARIABLES:
                    pass
                case ast.FunctionDef(name="format_message" | "get_missing_message"):
                    node.body = [line for line in ast.walk(node) if isinstance(line, ast.Return)]
                case _:
                    continue
            inside = {id(part) for text in ast.walk(node) if isinstance(text, ast.JoinedStr) for part in ast.walk(text)
                      if part is not text}  # fmt: skip
            for text in ast.walk(node):
                wording = "" if id(text) in inside else read_wording(text)
                if re.search("[a-z]{2} ", wording) and not UNSEEN.keys() & {source, wording}:
                    yield wording


def read_wording(node):
    match node:
        case ast.Constant(value=str(text)):
            return re.sub(r"{.*?}", "{}", text)
        case ast.JoinedStr(values=parts):
            return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
        case _:
            return ""


def test_every_wording_of_the_library_is_known():
    known = [re.sub(r"{.*?}", "{}", wording) for wording in load_wordings()]
    wordings = set(list_wordings())
    assert len(wordings) > 20
    assert sorted(wording for wording in wordings if not any(wording in own for own in known)) == []


def list_commands(command, path=()):
    yield command, path
    for name, inner in getattr(command, "commands", {}).items():
        yield from list_commands(inner, (*path, name))


COMMANDS = list(list_commands(get_command(build_app())))


@pytest.mark.parametrize(("command", "path"), COMMANDS, ids=[" ".join(path) or "riskml" for _, path in COMMANDS])
def test_every_error_of_an_option_is_worded_in_chinese(riskml, command, path):
    options = [parameter.opts[-1] for parameter in command.params if parameter.param_type_name == "option"]
    values = [[option, value] for option in options if option != "--help" for value in BAD]
    tries = [*values, ["--nosuch"], ["--la", "zh"], ["-x"], options[-2:-1], ["a"] * 9, []]
    for words in tries:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(command, "callback", lambda **values: None)
            error = catch_error(command, words)
        if error is not None:
            chinese = parse_option_error(error).read("zh")
            assert not ENGLISH.search(re.sub(r"'.*?'|\(.*?\)|（.*?）", "", chinese, flags=re.DOTALL)), (error, chinese)
            assert re.search(r"[一-鿿]", chinese)


def catch_error(command, words):
    try:
        command.main(words, prog_name="riskml", standalone_mode=False)
    except NoArgsIsHelpError:
        return None  # a group without a command shows its help, which stays English
    except Exception as error:
        return error.format_message()
    return None


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        ("chexk", "错误：没有命令 'chexk'。是否应为 'check'？"),
        ("check", "错误：缺少参数 'records'。"),
        ("check records other", "错误：多出的参数：other"),
        ("check records --jso", "错误：没有选项 --jso（可用的选项：--json）"),
        ("check records --lang fr", "错误：'--lang' 的值有误：'fr' 不在可选值 'zh', 'en' 之内。"),
        ("explain a b c", "错误：缺少选项 '--as-of'。"),
        ("explain a b c --as-of", "错误：选项 '--as-of' 后面需要一个值。"),
        ("simulate out --households 0", "错误：'--households' 的值有误：不得小于 1"),
        ("simulate out --seed many", "错误：'--seed' 的值有误：须是整数"),
        ("simulate out --params none.yaml", "错误：'--params' 的值有误：文件 'none.yaml' 不存在。"),
        ("benchmark", None),
    ],
)
def test_errors_of_options_are_shown_in_chinese_without_a_stack_trace(riskml, monkeypatch, words, chinese):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ran = riskml(*words.split())
    assert ran.code == 2
    assert "Traceback" not in ran.err
    if chinese is not None:
        *usage, error = ran.err.splitlines()
        assert error == chinese
        assert [line[:2] for line in usage] in ([], ["用法", "运行"])


def test_errors_of_options_in_english_are_those_of_the_library(riskml):
    ran = riskml("check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: ")
    assert "Missing argument 'records'." in ran.err
