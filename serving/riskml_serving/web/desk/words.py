"""Words of the desk: fields, units and steps."""

from __future__ import annotations

from riskml.records.contract.schema import TABLES

__all__ = ["CHOICE_WORDS", "PERSON_WORDS", "STEP_WORDS", "UNITS", "name_field"]

STEP_WORDS = {
    "files": ("上传名单", "Upload"),
    "columns": ("核对表头", "Columns"),
    "questions": ("核对人员", "Persons"),
    "preview": ("预览", "Preview"),
    "done": ("导入结果", "Results"),
}

PERSON_WORDS = {
    "name": ("姓名", "name"),
    "id_number": ("身份证号", "ID number"),
    "head_name": ("户主姓名", "head of household"),
    "head_id": ("户主身份证号", "ID number of the head"),
    "relation": ("与户主关系", "relation"),
    "household_no": ("户编号", "household number"),
    "person_no": ("人编号", "person number"),
    "county": ("县", "county"),
    "town": ("乡镇", "town"),
    "village": ("村", "village"),
    "group": ("组", "group"),
    "birth_date": ("出生日期", "day of birth"),
    "birth": ("出生日期", "day of birth"),
    "birth_month": ("出生年月", "month of birth"),
    "age": ("年龄", "age"),
    "sex": ("性别", "sex"),
    "phone": ("电话", "telephone"),
    "other": ("不采用", "not used"),
}

_OWN = {
    "income.wage": ("工资性收入", "wage"),
    "income.business": ("经营净收入", "business income"),
    "income.business_cost": ("经营支出", "business costs"),
    "income.property": ("财产性收入", "property income"),
    "income.transfer": ("转移性收入", "transfer income"),
    "income.total": ("总收入", "total income"),
    "fact.what": ("财产内容", "property"),
    "fact.happened_on": ("登记日期", "day of registration"),
    "illness.fund": ("基金支付（仅核对）", "paid by funds (compared only)"),
    "illness.account": ("个人账户支付", "paid from the personal account"),
}

CHOICE_WORDS = {
    "correction": ("更正：替换以前的那一条", "a correction: it replaces the earlier one"),
    "new": ("另一笔：与以前的分别计算", "another one: both count"),
    "skip": ("不计这一行", "leave this row out"),
}

UNITS = ("元", "百元", "千元", "万元")


def name_field(field: str, lang: str) -> str:
    """Name a field of a list.

    >>> name_field("illness.cost", "zh"), name_field("name", "en"), name_field("income.wage", "zh")
    ('医疗总费用', 'name', '工资性收入')
    """
    words = PERSON_WORDS.get(field) or _OWN.get(field)
    if words is None:
        table, _, name = field.partition(".")
        column = TABLES[table].find_column(name) if table in TABLES else None
        words = (field, field) if column is None else (column.zh, column.en)
    return words[0] if lang == "zh" else words[1]
