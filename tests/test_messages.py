"""Every message that a reader may see has Chinese wording, and the wording names the same values."""

from __future__ import annotations

import ast
import errno
import importlib
import os
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
import yaml

from riskml.cli.option_errors import load_wordings
from riskml.records.contract.faults import Severity
from riskml.records.reading.rules import RULES
from riskml.text import Joined, Text, load_chinese

ROOT = Path(__file__).parents[1]
CHINESE = re.compile(r"[一-鿿]")
PACKAGES = {"riskml": ROOT / "src" / "riskml", "riskml_serving": ROOT / "serving" / "riskml_serving"}
CATALOGUES = {name: folder / "zh.yaml" for name, folder in PACKAGES.items() if (folder / "zh.yaml").exists()}

CARRIERS = {
    "Text": (0,),
    "say": (0,),
    "print_note": (0,),
    "_show_title": (0,),
    "stage": (0,),
    "riskml.model.blend.progress": (0,),
    "riskml.model.choice.progress": (0,),
    "show_stage": (0,),
    "label_rows": (6,),
    "collect_holdout": (3,),
    "fail": (0, 1),
    "_refuse_rows": (1, 2),
    "to_fault": (2,),
    "report": (2,),
    "Probe": ("message",),
    "explaining": (0, 1, "otherwise"),
}
"""Functions that take templates, with the positions or names of these arguments; errors take them as arguments 0 and 1.

A name that has another meaning elsewhere is written with its module.
"""

COMPLETED = {"fail", "_refuse_rows", "to_fault", "report", "Probe", "explaining"}
"""Functions that add values of their own, so that the values in the call need not be all."""

EXCEPTIONS = {
    "riskml.cli.option_errors": "wordings of the library; tests/cli/test_option_errors.py compares them",
    "riskml.errors": "the operating system's reasons; SYSTEM lists those with Chinese wording",
    "riskml.text": "makes texts from templates that are found where they are written",
    "riskml_serving.commands.cli": "problems carry both wordings; tests/serving/base/test_problems.py compares them",
}
"""Modules in which a template may be computed, each with the reason."""

SYSTEM = ("EACCES", "EBUSY", "EDQUOT", "EEXIST", "EISDIR", "ENAMETOOLONG", "ENOENT", "ENOSPC", "ENOTDIR", "ENOTEMPTY")
SYSTEM += ("EPERM", "EROFS")
STATED = {text for rule in RULES.values() for text in (rule.what_to_do, rule.finding, *rule.advice.values())}
COMPUTED = {*load_wordings(), *Severity, *STATED, *(os.strerror(getattr(errno, name)) for name in SYSTEM)}
"""Templates that occur in no call."""

TEXTS = {"message", "hint", "text", "title", "what_to_do", "finding", "severity", "advice"}
"""Attributes that hold a text, or a template that is found where it is written."""


def name_values(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def needs_wording(template):
    return bool(re.search(r"[A-Za-z]{2}", re.sub(r"{.*?}", "", template)))


@dataclass
class Message:
    """One call that takes templates: for each of its texts the templates that it may have, and the values passed."""

    where: str
    texts: list[list[str]] = field(default_factory=list)
    values: set[str] | None = None
    unread: list[str] = field(default_factory=list)

    @property
    def templates(self):
        return [template for text in self.texts for template in text]


class Module:
    """One module, in which the templates of a call can be looked up."""

    def __init__(self, tree, name, errors, returning):
        self.tree, self.name, self.errors, self.returning = tree, name, errors, returning
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def find_messages(self):
        for call in (node for node in ast.walk(self.tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            positions = (
                (0, 1) if self.makes_error(call, name) else CARRIERS.get(name, CARRIERS.get(f"{self.name}.{name}", ()))
            )
            taken = [call.args[i] for i in positions if isinstance(i, int) and i < len(call.args)]
            taken += [keyword.value for keyword in call.keywords if keyword.arg in positions]
            if not taken:
                continue
            message = Message(f"{self.name}:{call.lineno}")
            for expression in taken:
                message.texts.append([])
                self.read(expression, message)
            values = {keyword.arg for keyword in call.keywords}
            if None not in values and name not in COMPLETED:
                message.values = values
            yield message

    def makes_error(self, call, name):
        if name != "cls":
            return name in self.errors
        return any(isinstance(node, ast.ClassDef) and node.name in self.errors for node in self.list_parents(call))

    def list_parents(self, node):
        while node := self.parents.get(node):
            yield node

    def read(self, expression, message):
        """Add the templates that the expression may give to the message, or the expression if it cannot be read."""
        match expression:
            case ast.Constant(value=str(text)):
                message.texts[-1].append(text)
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(op=ast.Add(), left=one, right=other):
                self.read(one, message)
                self.read(other, message)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    self.read(part, message)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in self.returning:
                pass  # this call returns a text, whose template is found where the text is made
            case ast.Attribute(attr=name) if name in TEXTS:
                pass
            case (
                ast.Subscript(value=container) | ast.Call(func=ast.Attribute(value=container, attr="items" | "values"))
            ):
                self.read(container, message)
            case ast.Name(id=name):
                self.look_up(name, expression, message)
            case ast.JoinedStr() if all(
                isinstance(part, ast.Constant) or is_constant(part) for part in expression.values
            ):
                constants = vars(importlib.import_module(self.name))
                message.texts[-1].append(eval(ast.unparse(expression), constants))
            case _:
                message.unread.append(ast.unparse(expression))

    def look_up(self, name, expression, message):
        """Look a name up among the variables and arguments of the functions around it, and the module's constants."""
        for function in self.list_parents(expression):
            if not isinstance(function, ast.FunctionDef):
                continue
            if bound := [value for node in ast.walk(function) for value in list_bound(node, name)]:
                for value in bound:
                    self.read(value, message)
                return
            arguments = [*function.args.args, *function.args.kwonlyargs]
            if own := next((argument for argument in arguments if argument.arg == name), None):
                if ast.unparse(own.annotation or ast.Constant("")) != "Text" and function.name not in CARRIERS:
                    message.unread.append(f"{name} of {function.name}")
                return
        value = getattr(importlib.import_module(self.name), name, None)
        for template in (
            value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else [value]
        ):
            if not isinstance(template, str):
                message.unread.append(name)
            elif not isinstance(template, Text):
                message.texts[-1].append(template)


def is_constant(part):
    return isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name) and part.value.id.isupper()


def list_bound(node, name):
    """List what a statement binds to a variable: values, parts of tuples, or what a loop runs over."""
    match node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            values = [value]
        case ast.NamedExpr(target=target, value=value):
            values = [value]
        case ast.AugAssign(target=target, value=value):
            values = [node if isinstance(value, ast.Constant) else value]
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
        case _:
            return []
    if isinstance(target, ast.Tuple):
        names = [getattr(own, "id", "") for own in target.elts]
        own = [value for value in values if name in names]
        return [value.elts[names.index(name)] if isinstance(value, ast.Tuple) else value for value in own]
    return values if isinstance(target, ast.Name) and target.id == name else []


@cache
def find_messages(package):
    """Find the messages of a package; errors and functions that return texts may be those of the library, too."""
    trees = {folder: {path: ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))}
             for folder in PACKAGES.values()}  # fmt: skip
    nodes = [node for own in trees.values() for tree in own.values() for node in ast.walk(tree)]
    errors, classes = {"RiskmlError"}, [node for node in nodes if isinstance(node, ast.ClassDef)]
    while new := {node.name for node in classes if errors & {ast.unparse(base) for base in node.bases}} - errors:
        errors |= new
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    returning = {node.name for node in functions if ast.unparse(node.returns or ast.Constant("")) == "Text"}
    messages = []
    for path, tree in trees[PACKAGES[package]].items():
        name = ".".join(path.relative_to(PACKAGES[package].parent).with_suffix("").parts).removesuffix(".__init__")
        messages += Module(tree, name, errors, returning | {"Text", "Joined"}).find_messages()
    return messages


@pytest.fixture(scope="module", params=CATALOGUES)
def package(request):
    return request.param


def test_no_message_is_put_together_from_parts(package):
    computed = [
        (message.where, message.unread)
        for message in find_messages(package)
        if message.unread and message.where.partition(":")[0] not in EXCEPTIONS
    ]
    assert computed == [], "write a template with named values"


def test_every_message_has_chinese_wording(package):
    templates = {template for message in find_messages(package) for template in message.templates} | COMPUTED
    assert sorted(t for t in templates if needs_wording(t) and t not in load_chinese()) == []


def test_every_value_is_passed_and_used(package):
    chinese, odd = load_chinese(), []
    for message in find_messages(package):
        if message.values is not None and message.templates and not message.unread:
            texts = [[name_values(t) | name_values(chinese.get(t, "")) for t in text] for text in message.texts if text]
            lacking = [text for text in texts if not any(names <= message.values for names in text)]
            if lacking or message.values - set().union(*(names for text in texts for names in text)):
                odd.append((message.where, texts, message.values))
    assert odd == []


def test_the_catalogue_has_no_unused_entries(package):
    entries = [entry["en"] for entry in yaml.safe_load(CATALOGUES[package].read_text("utf-8"))]
    used = {template for message in find_messages(package) for template in message.templates} | COMPUTED
    assert sorted(set(entries) - used) == []
    assert len(entries) == len(set(entries)), "an entry occurs twice"


@pytest.mark.parametrize("folder", [PACKAGES["riskml"] / "cli", PACKAGES["riskml_serving"] / "commands"])
def test_commands_print_no_words_that_are_not_in_the_catalogue(folder):
    printed = [
        (path.name, text.lineno, text.value)
        for path in sorted(folder.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in ("echo", "secho", "print")
        for argument in call.args
        for text in ([argument] if isinstance(argument, ast.Constant) else getattr(argument, "values", ()))
        if isinstance(text, ast.Constant) and needs_wording(str(text.value))
    ]
    assert printed == [], "use `say` or `print_note`"


@pytest.mark.parametrize("english", load_chinese())
def test_chinese_wording_is_chinese(english):
    chinese = load_chinese()[english]
    assert CHINESE.search(chinese) or not re.search(r"[a-z]{3}", re.sub(r"{.*?}", "", english))
    assert not re.search(r"[一-鿿][,:;!?]", chinese), "Chinese text has full-width punctuation"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_every_rule_has_advice_in_chinese(rule):
    assert CHINESE.search(rule.zh)
    assert CHINESE.search(Text(rule.what_to_do).read("zh"))


def test_texts_survive_being_sent_to_another_process():
    text = Text("Did you mean {name!r}?", name="income") + Joined(["a", "b"])
    copy = pickle.loads(pickle.dumps(text))
    assert (copy, copy.read("zh")) == (text, "是否应为 'income'？a、b")


def test_making_a_text_from_a_text_returns_the_same_text():
    text = Text("Did you mean {name!r}?", name="income")
    assert Text(text) is text
