"""Rules about a folder, its files and their columns, which are checked while the folder is read."""

from __future__ import annotations

from riskml.records.contract.faults import Rule, Severity
from riskml.records.reading.csv_files import CLOSE_QUOTE, USE_COMMAS

__all__ = [
    "BLANK_IN_NAME",
    "BOTH_FORMS",
    "DAMAGED_FILE",
    "DUPLICATE_COLUMN",
    "EMPTY_ROW",
    "EMPTY_TABLE",
    "FILE_RULES",
    "LATE_HEADER",
    "MISSING_COLUMN",
    "MISSING_FOLDER",
    "MISSING_TABLE",
    "MIXED_ATTRIBUTE",
    "NO_PARTS",
    "NUMBERS_AS_TEXT",
    "PASSED_OVER_COLUMN",
    "PASSED_OVER_FILE",
    "PERSONAL_ATTRIBUTE",
    "RAGGED_ROW",
    "UNCLOSED_QUOTE",
    "UNKNOWN_COLUMN",
    "UNKNOWN_FILE",
    "UNREADABLE_TEXT",
    "WRONG_SEPARATOR",
    "WRONG_TYPE",
]

FILE_RULES: list[Rule] = []
"""Every rule about files and columns, in the order in which they are checked."""


def _declare(code: str, title: str, zh: str, what_to_do: str, *, by_row: bool = False, warning: bool = False) -> Rule:
    severity = Severity.WARNING if warning else Severity.FAULT
    FILE_RULES.append(Rule(code, title, zh, what_to_do, severity, by_row=by_row))
    return FILE_RULES[-1]


MISSING_FOLDER = _declare(
    "missing_folder",
    "The records folder does not exist",
    "找不到数据文件夹",
    "Check the path; `riskml simulate OUT` makes a sample folder.",
)
MISSING_TABLE = _declare(
    "missing_table",
    "A required table is missing",
    "缺少必需的表",
    "Add the table as <table>.parquet, <table>.csv or a folder <table>/ of Parquet parts.",
)
BOTH_FORMS = _declare(
    "both_forms",
    "A table is present in more than one format",
    "同一张表有多种文件形式",
    "Keep the table in one format and move the other files out of the folder.",
)
UNKNOWN_FILE = _declare(
    "unknown_file",
    "A file belongs to no table",
    "无法识别的文件",
    "Save the file under the name of the table that it holds, as CSV or Parquet, or move it out of the folder.",
)
PASSED_OVER_FILE = _declare(
    "passed_over_file",
    "A file that is not a table was ignored",
    "跳过了与数据表无关的文件",
    "Nothing, if the files are what their names say: lock files, system files and notes. Otherwise rename them.",
    warning=True,
)
NO_PARTS = _declare(
    "no_parts",
    "The folder of a table holds no Parquet part",
    "表文件夹内没有 Parquet 分片",
    "Put the table's Parquet parts there. If the table is known to be empty, write one file without rows; "
    "if nothing is known, remove the folder.",
)
DAMAGED_FILE = _declare(
    "damaged_file",
    "A file cannot be read",
    "文件损坏或为空",
    "Export the file again; it is empty, truncated, damaged, or not of the type that its extension indicates.",
)
UNREADABLE_TEXT = _declare(
    "unreadable_text",
    "A CSV file is neither UTF-8 nor GB18030",
    "CSV 文件编码不是 UTF-8 或 GB18030",
    "Save the file as CSV UTF-8 (with or without BOM) or GB18030.",
)
UNCLOSED_QUOTE = _declare(
    "unclosed_quote",
    "A double quote is never closed, so the rows after it become part of its cell",
    "双引号未闭合，吞掉了后面的行",
    CLOSE_QUOTE,
)
WRONG_SEPARATOR = _declare(
    "wrong_separator",
    "The columns of a CSV file are not separated by commas",
    "CSV 文件的各列不是用逗号分隔",
    USE_COMMAS,
)
LATE_HEADER = _declare(
    "late_header",
    "The header is not the first row",
    "表头不在第一行",
    "Delete the title and the empty rows above the header in a spreadsheet, and save the file as CSV UTF-8 again.",
)
BLANK_IN_NAME = _declare(
    "blank_in_name",
    "A column name has blanks or invisible characters around it",
    "列名前后有空格或看不见的字符",
    "Type the name again in the header, so that other programs find the column.",
    warning=True,
)
PASSED_OVER_COLUMN = _declare(
    "passed_over_column",
    "A column without a name or with row numbers was ignored",
    "跳过了没有列名或只是行号的列",
    "Nothing, if the column holds row numbers or is empty. Otherwise give it a name.",
    warning=True,
)
DUPLICATE_COLUMN = _declare(
    "duplicate_column",
    "Two columns have the same name",
    "列名重复",
    "Rename or remove one of them; names that differ only in case count as the same.",
)
MISSING_COLUMN = _declare(
    "missing_column",
    "A required column is missing",
    "缺少必需的列",
    "Add the column; data/README.md lists the names.",
)
UNKNOWN_COLUMN = _declare(
    "unknown_column",
    "A column is not declared",
    "无法识别的列",
    "Rename or remove the column; only the table households may have further columns, as attributes.",
)
WRONG_TYPE = _declare(
    "wrong_type",
    "A Parquet column has the wrong type",
    "列的数据类型不符",
    "Write the column with the declared type: codes as text (a number loses leading zeros), "
    "dates as the date type, amounts and counts as numbers.",
)
MIXED_ATTRIBUTE = _declare(
    "mixed_attribute",
    "An attribute is a number in one part and text in another",
    "同一属性在不同分片中类型不一",
    "Write the attribute with the same type in every part.",
)
NUMBERS_AS_TEXT = _declare(
    "numbers_as_text",
    "An attribute is text although most of its values are numbers",
    "属性列多为数字，却存成了文本",
    "Write the column with a number type and leave unknown cells empty; as text, it is used as a category.",
    warning=True,
)
PERSONAL_ATTRIBUTE = _declare(
    "personal_attribute",
    "An attribute holds names, identity card numbers or telephone numbers",
    "属性列含姓名、证件号码或电话",
    "Remove the column: a model must not learn from personal data, and its bundle would contain them.",
)
EMPTY_TABLE = _declare(
    "empty_table",
    "A table that cannot be empty has no rows",
    "农户表或收入表为空",
    "Provide the rows: without households and income there is nothing to rank.",
)
EMPTY_ROW = _declare(
    "empty_row",
    "A row without any value was ignored",
    "跳过了空行",
    "Nothing; to avoid the message, delete the empty rows in the spreadsheet before saving.",
    warning=True,
)
RAGGED_ROW = _declare(
    "ragged_row",
    "A CSV row has more or fewer cells than the header",
    "CSV 行的单元格数与表头不符",
    "Correct the row; a comma inside a cell needs double quotes around the cell.",
    by_row=True,
)
