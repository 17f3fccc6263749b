"""Recognises what a single cell contains: an ID number, an amount, a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from riskml.lists.reading.sheets import Cell

__all__ = ["OFFICE", "SURNAMES", "list_texts", "looks_like_id", "normalise", "read_number"]

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾萧肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范石廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔"
    "白龙常汤黎易乔赖文庞樊兰殷施洪翟安颜倪牛温芦季俞章鲁葛伍申尤毕聂丛焦向柳邢路岳齐梅庄辛祝左涂谷祁舒耿牟卜詹苗凌费"
    "纪靳盛童欧甄项曲裴席卫屈鲍霍翁甘景柏宁柯阮桂闵柴冉饶刁瞿戚丘米池滕臧褚娄符奚穆党燕郎冀姬栾郁蒙喻窦敖冷卓艾蓝巩仲虞楚司郝桑"
)
"""Common surnames, by which names are distinguished from other words of two or three characters."""

OFFICE = re.compile(r".*(?:局|办|办公室|站|会|中心|政府|股|科|所|委|公司)(?:\(盖?公?章\))?")
"""Names of offices, as written under a list next to the date."""

_ID = re.compile(
    r"\D{0,6}(?:\d{15}|\d{16}[\dX]|\d{17}[\dX](?:\d{2}(?:B\d)?)?|\d{6,14}[*X]{3,12}[\dX]{0,4}|\d{1,5}[*X]{7,14}[\dX]{1,5})\D{0,4}"
    r"|\d(?:\.\d+)?E\+1[4-9]"
)


def looks_like_id(cell: Cell) -> bool:
    """Return whether a cell may be an ID number: whole, masked, spoilt by a spreadsheet, or with a label.

    >>> [looks_like_id(cell) for cell in ("99012319850312****", 9.90123198503121e17, "9.90123E+17", 12345.0, "2024")]
    [True, True, True, False, False]
    """
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return 1e14 <= cell < 1e19
    return isinstance(cell, str) and bool(_ID.fullmatch(re.sub(r"[\s'\"`]", "", normalise(cell))))


def read_number(cell: Cell) -> float | None:
    """Return the number in a cell, whatever its separators and unit, or None.

    >>> read_number("6,300.00元"), read_number("无")
    (6300.0, None)
    """
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return float(cell)
    text = re.sub(r"[\s,¥￥]|(?:[万千百]?元)$", "", normalise(cell)) if isinstance(cell, str) else ""
    return float(text) if re.fullmatch(r"-?\d{1,12}(?:\.\d+)?", text) else None


def normalise(text: str) -> str:
    """Return a text in half-width characters and capitals, without blanks around it."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def list_texts(row: Sequence[Cell]) -> list[str]:
    """Return the cells of a row that hold text."""
    return [cell for cell in row if isinstance(cell, str)]
