"""Rules about a folder, its files and their columns, which reading itself checks."""

from __future__ import annotations

from riskml.records.contract.faults import Rule

__all__ = [
    "BOTH_FORMS",
    "DAMAGED_FILE",
    "DUPLICATE_COLUMN",
    "EMPTY_TABLE",
    "FILE_RULES",
    "MISSING_COLUMN",
    "MISSING_FOLDER",
    "MISSING_TABLE",
    "MIXED_ATTRIBUTE",
    "NO_PARTS",
    "RAGGED_ROW",
    "UNKNOWN_COLUMN",
    "UNKNOWN_FILE",
    "UNREADABLE_TEXT",
    "WRONG_TYPE",
]

MISSING_FOLDER = Rule(
    "missing_folder",
    "The records folder does not exist",
    "找不到数据文件夹",
    "Check the path; `riskml simulate OUT` makes a sample folder.",
)
MISSING_TABLE = Rule(
    "missing_table",
    "A required table is missing",
    "缺少必需的表",
    "Add the table as <table>.parquet, <table>.csv or a folder <table>/ of Parquet parts.",
)
BOTH_FORMS = Rule(
    "both_forms",
    "One table is there in more than one form",
    "同一张表有多种文件形式",
    "Keep one form of the table and move the others out of the folder.",
)
UNKNOWN_FILE = Rule(
    "unknown_file",
    "A file belongs to no table",
    "无法识别的文件",
    "Rename the file to the table it holds, or move it out of the folder.",
)
NO_PARTS = Rule(
    "no_parts",
    "The folder of a table holds no Parquet part",
    "表文件夹内没有 Parquet 分片",
    "Put the table's Parquet parts there; a table known to be empty is one file without rows; "
    "remove the folder if nothing is known.",
)
DAMAGED_FILE = Rule(
    "damaged_file",
    "A file cannot be read",
    "文件损坏或为空",
    "Export the file again; it is empty, cut short, damaged or not of the kind its name says.",
)
UNREADABLE_TEXT = Rule(
    "unreadable_text",
    "A CSV file is neither UTF-8 nor GB18030",
    "CSV 文件编码不是 UTF-8 或 GB18030",
    "Save the file as CSV UTF-8 (with or without BOM) or GB18030.",
)
DUPLICATE_COLUMN = Rule(
    "duplicate_column",
    "Two columns have one name",
    "列名重复",
    "Rename or remove one of them; capital and small letters do not make a difference.",
)
MISSING_COLUMN = Rule(
    "missing_column",
    "A required column is missing",
    "缺少必需的列",
    "Add the column; the names stand in data/README.md.",
)
UNKNOWN_COLUMN = Rule(
    "unknown_column",
    "A column is not declared",
    "无法识别的列",
    "Rename or remove the column; only households may hold attributes of their own.",
)
WRONG_TYPE = Rule(
    "wrong_type",
    "A Parquet column has the wrong type",
    "列的数据类型不符",
    "Write the column with the declared type: codes as text (a number loses leading zeros), "
    "days as dates, amounts and counts as numbers.",
)
MIXED_ATTRIBUTE = Rule(
    "mixed_attribute",
    "An attribute is a number in one part and text in another",
    "同一属性在不同分片中类型不一",
    "Write the attribute with one type in every part.",
)
EMPTY_TABLE = Rule(
    "empty_table",
    "A table that cannot be empty has no rows",
    "农户表或收入表为空",
    "Deliver the rows: without households or income there is nothing to rank.",
)
RAGGED_ROW = Rule(
    "ragged_row",
    "A CSV row has more or fewer cells than the header",
    "CSV 行的单元格数与表头不符",
    "Correct the row; a comma inside a cell needs double quotes around the cell.",
    by_row=True,
)

FILE_RULES: tuple[Rule, ...] = (
    MISSING_FOLDER,
    MISSING_TABLE,
    BOTH_FORMS,
    UNKNOWN_FILE,
    NO_PARTS,
    DAMAGED_FILE,
    UNREADABLE_TEXT,
    DUPLICATE_COLUMN,
    MISSING_COLUMN,
    UNKNOWN_COLUMN,
    WRONG_TYPE,
    MIXED_ATTRIBUTE,
    EMPTY_TABLE,
    RAGGED_ROW,
)
"""Every rule about files and columns, in the order in which they are checked."""
