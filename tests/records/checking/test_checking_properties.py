"""Whatever a records folder contains, a check returns a report that does not depend on the order of rows or on how a
table is divided into files."""

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.records.checking.check import check, open_checked

few = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

days = st.none() | st.dates(dt.date(2022, 12, 25), dt.date(2023, 1, 10))
rows = st.lists(
    st.fixed_dictionaries(
        {
            "household_id": st.sampled_from(["0012", "0013", "99", None]),
            "period_start": st.sampled_from([dt.date(2023, 1, 1), dt.date(2023, 2, 1), dt.date(2023, 1, 2)]),
            "months": st.sampled_from([None, 1, 3, 0]),
            "source": st.sampled_from(["wage", "total", "rent"]),
            "amount": st.sampled_from([None, 1.0, float("inf")]),
            "recorded_on": days,
            "record_id": st.sampled_from([None, "A", "B"]),
        }
    ),
    min_size=1,
    max_size=12,
)


def count_rows(folder):
    return sorted((fault.table, fault.column, fault.code, fault.count) for fault in check(folder).faults)


@few
@given(income=rows, parts=st.integers(1, 3), data=st.data())
def test_neither_row_order_nor_splitting_into_parts_matters(make, income, parts, data):
    whole, split = make(income=income), make()
    (split / "income.parquet").unlink()
    make.write_table(split, "income", data.draw(st.permutations(income)), "parts", parts)
    assert count_rows(whole) == count_rows(split)


@few
@given(income=rows)
def test_rows_that_are_not_set_aside_have_no_faults(make, tmp_path, income):
    sound = make.rows("income", period_start=dt.date(2020, 1, 1), record_id="sound")[:1]
    with open_checked(make(income=sound + income), tmp_path / "bad.parquet") as folder:
        assert folder.report is not None
        assert folder.report.ok
        assert 1 <= folder.count_rows("income") <= len(income) + 1
        bad_rows = folder.connection.execute(
            f"SELECT count(*) FROM '{tmp_path}/bad.parquet' WHERE \"table\" = 'income'"
        ).fetchall()[0][0]
        assert (bad_rows == 0) == (folder.count_rows("income") == len(income) + 1)


cells = st.text(alphabet="0123456789-/.,;\"'\n\r\t eEx元NaN[]{}\\%_", max_size=12)


@settings(few, max_examples=20)
@given(header=st.lists(st.sampled_from(["effective_from", "amount", "region_code", "x", ""]), max_size=5), text=cells)
def test_the_check_never_crashes_on_any_text(make, header, text):
    folder = make.csv(lines=",".join(header) + "\n2020-01-01,6000\n" + text)
    report = check(folder)
    assert report.tables.get("households") == 2
    assert all(fault.message and fault.what_to_do for fault in report.faults)


@settings(few, max_examples=20)
@given(content=st.binary(max_size=60), name=st.sampled_from(["help.csv", "help.parquet", "income.csv"]))
def test_the_check_never_crashes_on_any_bytes(make, content, name):
    folder = make()
    (folder / "income.parquet").unlink(missing_ok=name == "income.csv")
    (folder / name).write_bytes(content)
    assert not check(folder).ok
