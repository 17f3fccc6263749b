"""``data/README.md`` and the page on comparisons agree with the code."""

from pathlib import Path

from tests.documents.tables import EXAMPLE, SECONDS, describe, describe_comparisons

from riskml.records.checking.check import check
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import open_folder
from riskml.records.reading.rules import RULES

ROOT = Path(__file__).parents[3]
README = ROOT / "data" / "README.md"


def test_the_committed_file_equals_the_generated_one(golden):
    golden(README, describe())


def test_the_committed_page_on_comparisons_equals_the_generated_one(golden):
    page = describe_comparisons()
    golden(ROOT / "docs" / "checks" / "comparisons.md", page)
    assert all(f"| `{code}` | " in page for code in (*SECONDS, "future_day", "implausible_line"))


def test_every_table_column_code_and_rule_is_described():
    text = describe()
    assert "{{" not in text
    for table in TABLES.values():
        section = text.split(f"### {table.name}\n")[1].split("\n#")[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in section
            assert column.zh in section
            for code, chinese in (column.allowed or {}).items():
                assert f"`{code}` {chinese}" in section
    for rule in RULES.values():
        assert f"| `{rule.code}` | {rule.severity}" in text
        assert rule.what_to_do in text


def test_the_example_passes_the_check_and_matches_its_description(tmp_path):
    for name, content in EXAMPLE.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        assert f"```csv\n{content}```" in describe()
    report = check(tmp_path)
    assert report.ok
    assert report.warnings == ()
    with open_folder(tmp_path) as folder:
        repeated = folder.connection.execute(f"SELECT * FROM {folder.find_repeated_records('income')}").fetchall()
        assert repeated == [("W-1",)]
        assert folder.attributes == {"crop": "text"}
