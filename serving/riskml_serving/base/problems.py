"""Errors as problem details (RFC 9457): stable types, texts in Chinese and English, field paths, no personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import Response

from riskml.records.checking.check import list_rules
from riskml.records.contract.declaration import IDENTIFIERS

__all__ = ["MEDIA_TYPE", "MOST_ERRORS", "PROBLEMS", "FieldError", "Kind", "Problem", "move_path", "read_field_errors"]

MEDIA_TYPE = "application/problem+json"
NAME = re.compile(r"[a-z][a-z_]{0,39}")
CHINESE_WORDING = {
    "before_signal": "不得早于信号起始日",
    "before_visit": "不得早于走访日期",
    "after_visit": "不得晚于走访日期",
    "before_start": "不得早于开始日期",
    "not_confirmed": "只有属实的核实结果才有监测类别",
    "not_rejected": "只有不属实的核实结果才填此项",
    "missing_reason": "请填写不属实的理由",
    "missing_words": "理由为“其他”时，请在备注中写明",
    "not_met": "未见到人时不能登记核实到的情况",
    "no_help": "该户没有登记过帮扶",
    "no_policy": "政策表没有该日的再评估间隔",
    "health_right": "健康信息须经授权登记",
    "personal": "属性不得含姓名、证件号码或电话",
    "blank_around": "编码前后的空格或看不见的字符已去除",
    "spoilt": "编码被改写成了数字（如 9.90101E+14），请按文本填写",
    "missing": "缺少必填字段",
    "extra_forbidden": "没有这个字段",
    "not_found": "密钥所辖区划内没有该农户",
    "no_such_household": "households 表中没有该农户",
    "outside_region": "不在密钥所辖区划内",
    "one_subject": "农户编码、未在册农户、区划代码须且只须填一个",
    "disaster_only": "只有灾害可按整个地方上报",
    "one_place": "农户编码与区划代码须且只须填一个",
    "total_and_source": "同一月份既有合计又有分项收入",
    "too_early": "不得早于收到日期",
    "in_future": "不得晚于今天",
    "closed": "该农户已销户",
    "twice": "同一记录出现两次",
    "too_short": "内容过少",
    "too_long": "内容过长",
    "too_many_fields": "字段过多",
    "enum": "不在可选值之内",
    "literal": "不在可选值之内",
    "pattern": "格式或取值不符",
    "greater_than": "数值过小",
    "less_than": "数值过大",
    "finite": "须为有限数值",
    "date": "日期应写作 2024-12-31",
    "bool": "应为 true 或 false",
    "string": "应为文字",
    "int": "应为整数",
    "float": "应为数字",
    "value_error": "应为某月一日",
    "bad_key": "幂等键须为 1 至 128 个可见 ASCII 字符",
    "bad_cursor": "不是本列表的翻页位置",
}
"""Chinese texts for what is wrong with a field, keyed by a part of the error code; the first match is used."""
MOST_ERRORS = 50
"""Maximum number of field errors listed in one response."""


@dataclass(frozen=True)
class Kind:
    """A stable kind of problem: its HTTP status and its title in both languages."""

    status: int
    zh: str
    en: str


PROBLEMS: dict[str, Kind] = {
    "invalid-request": Kind(422, "请求内容不符合数据约定", "The request does not follow the data contract"),
    "invalid-json": Kind(400, "请求体不是有效的 JSON", "The body is not valid JSON"),
    "body-too-large": Kind(413, "请求体过大", "The body is too large"),
    "too-many-households": Kind(413, "一次请求的农户过多", "Too many households in one request"),
    "too-many-rows": Kind(413, "一户的记录过多", "Too many rows of one household"),
    "too-many-requests": Kind(429, "请求过于频繁", "Too many requests"),
    "not-authenticated": Kind(401, "缺少有效的访问密钥", "A valid API key is missing"),
    "provider-unavailable": Kind(503, "身份认证服务暂不可用", "The OpenID provider is not available"),
    "right-missing": Kind(403, "密钥没有所需权限", "The key lacks the required right"),
    "form-refused": Kind(
        403, "页面已过期，请重新打开后再提交", "The page has expired: open it again, then send the form"
    ),
    "role-refused": Kind(403, "您的角色不能进行此操作", "Your role does not allow this"),
    "household-not-found": Kind(404, "没有找到该农户", "No such household"),
    "region-not-found": Kind(404, "没有找到该区划", "No such region"),
    "job-not-found": Kind(404, "没有找到该任务", "No such job"),
    "no-results": Kind(409, "该任务没有（尚无）结果", "The job has no results, or not yet"),
    "delivery-busy": Kind(
        409,
        "这批名单正在处理或已经导入，请刷新页面查看",
        "The delivery is being worked on or has been imported: reload its page",
    ),
    "job-ended": Kind(409, "该任务已结束", "The job has ended"),
    "not-found": Kind(404, "没有找到该地址", "No such address"),
    "method-not-allowed": Kind(405, "该地址不支持此方法", "The address does not support this method"),
    "idempotency-conflict": Kind(
        409, "同一幂等键对应不同的请求内容", "The idempotency key was already used with another body"
    ),
    "finding-changed": Kind(
        409,
        "他人刚刚登记了核实结果，本次未保存；请看过后决定是否再登记",
        "Somebody else has just saved a finding, so yours was not saved: read theirs, then decide whether to save it",
    ),
    "already-told": Kind(409, "已登记过告知日期", "The day on which the household was told is saved already"),
    "clue-not-found": Kind(404, "没有找到该线索", "No such clue"),
    "clue-resolved": Kind(409, "该线索已有处理结果", "The clue has been resolved already"),
    "no-identity-key": Kind(
        409, "尚未设置身份密钥，不能保存姓名", "There is no identity key, so the name cannot be saved"
    ),
    "household-closed": Kind(409, "该农户已销户", "The household has been closed"),
    "not-scored": Kind(409, "该农户尚未评分", "The household has not been scored yet"),
    "recorded-too-early": Kind(422, "登记日期早于收到日期", "recorded_on is earlier than the day of receipt"),
    "model-unavailable": Kind(503, "模型暂不可用", "The model is not available"),
    "database-unavailable": Kind(503, "数据库暂不可用", "The database is not available"),
    "other-purpose": Kind(
        503,
        "数据库用途（试用或正式）与本服务不符，请改用其他数据库",
        "The database holds records for the other purpose (a trial, or a real county): use another database",
    ),
    "storage-full": Kind(507, "存储空间不足，未写入任何内容", "No space is left on the disk; nothing was saved"),
    "gave-up": Kind(500, "任务多次中断后放弃", "The job was interrupted several times and was abandoned"),
    "http-error": Kind(400, "请求有误", "The request is invalid"),
    "internal-error": Kind(500, "服务内部错误", "Internal error"),
}
"""Every kind of problem, by the last part of its ``type``."""


@dataclass(frozen=True)
class FieldError:
    """An error in one field: its path, a stable code, and a description in both languages, without the value.

    If ``own_zh`` is empty, the Chinese description is the one for its code.
    """

    path: str
    code: str
    en: str
    own_zh: str = ""

    @property
    def zh(self) -> str:
        """Description of the error in Chinese."""
        return self.own_zh or next((zh for part, zh in CHINESE_WORDING.items() if part in self.code), "不符合数据约定")

    def to_json(self) -> dict[str, str]:
        """Return the error as the content of a JSON object."""
        return {"path": self.path, "code": self.code, "detail": self.zh, "detail_en": self.en}


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An error that is reported to the caller: what is wrong with the request or with the service.

    Parameters
    ----------
    kind : str
        A key of ``PROBLEMS``.
    zh, en : str, optional
        Detail in both languages; the title by default.
    errors : iterable of FieldError
    headers : dict of str to str, optional
    content : dict, optional
        Further members of the response.
    """

    def __init__(
        self,
        kind: str,
        zh: str = "",
        en: str = "",
        errors: Iterable[FieldError] = (),
        headers: dict[str, str] | None = None,
        content: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind, self.zh, self.en = kind, zh or PROBLEMS[kind].zh, en or PROBLEMS[kind].en
        self.errors = tuple(errors)
        self.headers, self.content = headers or {}, content or {}

    @property
    def status(self) -> int:
        """HTTP status of the response."""
        return PROBLEMS[self.kind].status

    def to_json(self, request_id: str) -> dict[str, Any]:
        """Return the problem as the content of a JSON object."""
        kind = PROBLEMS[self.kind]
        out: dict[str, Any] = {
            "type": f"urn:riskml:problem:{self.kind}",
            "title": kind.zh,
            "title_en": kind.en,
            "status": kind.status,
            "detail": self.zh,
            "detail_en": self.en,
            "request_id": request_id,
            **self.content,
        }
        if self.errors:
            out["errors"] = [error.to_json() for error in self.errors[:MOST_ERRORS]]
            out["error_count"] = len(self.errors)
        return out

    def mark(self, request: Request) -> None:
        """Note the kind of problem on the request, so that a refusal is recorded before it is sent."""
        request.state.problem = self.kind

    def to_response(self, request: Request) -> Response:
        """Return the problem as the API's response to a request."""
        self.mark(request)
        content = json.dumps(self.to_json(getattr(request.state, "request_id", "")), ensure_ascii=False)
        return Response(content, self.status, media_type=MEDIA_TYPE, headers=self.headers)


def move_path(error: FieldError, table: str, start: int) -> FieldError:
    """Return an error in a slice of a table's rows with its path in the request.

    >>> move_path(FieldError("[2].amount", "missing", "Field required"), "tables.income", 40).path
    'tables.income[42].amount'
    """
    number, _, rest = error.path.removeprefix("[").partition("]")
    return replace(error, path=f"{table}[{start + int(number)}]{rest}")


def read_field_errors(errors: Sequence[ErrorDetails | Any]) -> list[FieldError]:
    """Convert the validator's errors to field errors, without the values that it refused.

    >>> read_field_errors([{"type": "missing", "loc": ("income", 3, "amount"), "msg": "Field required"}])
    [FieldError(path='income[3].amount', code='missing', en='Field required', own_zh='')]
    """
    return [
        FieldError(_write_path(error["loc"]), *UNUSABLE_CODE)
        if error["type"] in ("string_pattern_mismatch", "string_too_long") and _CODES.intersection(error["loc"])
        else FieldError(_write_path(error["loc"]), error["type"], error["msg"])
        for error in errors
    ]


_CODES = frozenset((*IDENTIFIERS, "followed_by"))
UNUSABLE_CODE = next((rule.code, rule.title, rule.zh) for rule in list_rules() if rule.code == "unusable_code")
"""Code and description of a code with which no page could be opened, as `riskml check` words it."""

_KINDS = re.compile(r"(constrained-)?(str|float|int|bool)")
"""Names that the validator gives to the possible types of an attribute; they are not part of the path."""


def _write_path(loc: Iterable[int | str]) -> str:
    """Write a path; put "…" in place of any name that does not look like a field name: it might name a person."""
    path = ""
    parts = list(loc)
    if len(parts) > 1 and isinstance(parts[-1], str) and _KINDS.fullmatch(parts[-1]):
        parts.pop()
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part if NAME.fullmatch(part) else '…'}"
    return path.lstrip(".")
