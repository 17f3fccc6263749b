"""The fingerprint (hash) of a records folder depends on the data, not on the files in which they are stored."""

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.records.reading.folder import open_folder


def compute_fingerprint(folder):
    with open_folder(folder) as opened:
        return opened.fingerprint()


def test_the_fingerprint_has_32_hexadecimal_digits(make):
    digest = compute_fingerprint(make())
    assert len(digest) == 32
    assert int(digest, 16) >= 0


def test_every_value_changes_the_fingerprint(make):
    changed = [
        make(households=make.rows("households", size=4)),
        make(households=make.rows("households", land=1.0)),
        make(households=make.rows("households", Land=1.0)),
        make(income=make.rows("income", amount=901.0)),
        make(income=make.rows("income", amount=None)),
        make(income=make.rows("income") * 2),
        make(lines=make.rows("lines", source="notice")),
        make(income=make.rows("income", statement=True)),
        make(income=make.rows("income", member_id="m1")),
        make(events=[]),
    ]
    assert len({compute_fingerprint(folder) for folder in [make(), *changed]}) == len(changed) + 1


def test_an_absent_column_equals_a_null_column(make):
    assert compute_fingerprint(make()) == compute_fingerprint(
        make(income=make.rows("income", recorded_on=None, months=1))
    )


def test_the_truth_table_is_not_part_of_the_data(make):
    folder = make()
    before = compute_fingerprint(folder)
    pq.write_table(pa.table({"household_id": ["0012"], "probability": [0.5]}), folder / "truth.parquet")
    assert compute_fingerprint(folder) == before


amounts = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=30)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=amounts, parts=st.integers(1, 4), data=st.data())
def test_row_order_file_parts_and_file_format_do_not_matter(make, amounts, parts, data):
    rows = [
        make.rows("income")[0] | {"household_id": f"{i % 3:04d}", "amount": amount, "record_id": f"{i}"}
        for i, amount in enumerate(amounts)
    ]
    shuffled = data.draw(st.permutations(rows))
    plain, text, split = make(income=rows), make("csv", income=shuffled), make()
    (split / "income.parquet").unlink()
    make.write_table(split, "income", shuffled, "parts", parts)
    assert compute_fingerprint(plain) == compute_fingerprint(text) == compute_fingerprint(split)
