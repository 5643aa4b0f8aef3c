"""Third-party tables, read where they are kept beside the checkout; skipped where they are absent."""

import os
from pathlib import Path

import polars as pl
import pytest

from oreflow.agent import make_agent
from oreflow.repair_bench import find_pairs, score_pair
from oreflow.settings import Settings
from stages.refine import Refinery
from warehouse import Warehouse

DATA = Path(os.environ.get("OREFLOW_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")
pytestmark = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason="the third-party tables are not here")]


def refined(folder, name):
    record = Refinery(Settings(warehouse=folder)).refine(str(DATA / "messy" / name))
    lake = Warehouse(folder)
    return record, lake.scan(record.versions["silver"]).collect(), lake.edits.read(record.run).collect()


def test_the_cafe_gets_its_1398_numbers_back_and_invents_no_item(tmp_path):
    record, silver, edits = refined(tmp_path, "sales/dirty_cafe_sales.csv")
    assert record.status == "ok"
    assert (record.rows.in_, record.rows.out) == (10_000, 10_000)
    by_arithmetic = edits.filter(pl.col("operation") == "fill_by_arithmetic")
    raw = pl.read_csv(DATA / "messy/sales/dirty_cafe_sales.csv", infer_schema=False)
    numbers = ["Quantity", "Price Per Unit", "Total Spent"]
    empty = pl.sum_horizontal(pl.col(n).cast(pl.Float64, strict=False).is_null().cast(pl.Int32) for n in numbers)
    once = raw.with_row_index("_row_id").filter(empty == 1)["_row_id"].cast(pl.Int64)
    assert once.len() == 1398
    assert once.is_in(by_arithmetic["_row_id"].implode()).all()
    right = pl.col("Quantity") * pl.col("Price Per Unit") == pl.col("Total Spent")
    assert silver.select(right.drop_nulls().all()).item()
    filled = edits.filter((pl.col("operation") == "fill_from_relation") & (pl.col("column") == "Item"))
    prices = silver.join(filled.select("_row_id"), on="_row_id", how="semi")["Price Per Unit"]
    assert set(prices) <= {1.0, 1.5, 2.0, 5.0}
    for column in silver.columns:
        if silver.schema[column] == pl.String:
            assert not set(silver[column]) & {"ERROR", "UNKNOWN"}


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("hr/employee_raw.csv", ["StartDate", "ExitDate", "DOB"]),
        ("project/nyc_capital_projects_20190901.csv", ["Date Reported As Of", "Design Start", "Forecast Completion"]),
        ("it_ops/incident_event_log_first20000.csv", ["opened_at", "sys_updated_at", "resolved_at", "closed_at"]),
    ],
)
def test_messy_tables_pass_their_drafted_gate_with_dates_as_dates(tmp_path, name, dates):
    record, silver, edits = refined(tmp_path, name)
    assert record.status == "ok"
    assert record.rows.out >= 0.99 * record.rows.in_
    assert all(silver.schema[c].is_temporal() for c in dates)
    lost = edits.filter(pl.col("column").is_in(dates) & pl.col("new").is_null() & (pl.col("operation") == "parse_date"))
    assert lost.height == 0


def test_at_most_one_right_cell_in_two_hundred_is_broken_in_any_pair():
    scores = [score_pair(pair, lambda stage: make_agent("scripted", stage)) for pair in find_pairs(DATA)]
    assert {s.table for s in scores if s.broken_share > 0.005} == set()
    best = {s.table: s.repair[2] for s in scores}
    assert best["hospital"] > 0.9
    assert best["beers"] > 0.95
