"""Refine: from a file to gold, and what is left behind when something is refused."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from oreflow import odcs
from oreflow.domain import domains
from oreflow.errors import BudgetSpent, ConfigError, ContractError, SourceError, UnknownName
from oreflow.settings import Settings
from oreflow.tables import MERGED_INTO, QUARANTINE, ROW_ID, as_text
from stages.record import public_record
from stages.refine import Refinery
from warehouse import Warehouse


def settings(folder: Path, **options) -> Settings:
    return Settings(warehouse=folder / "lake", **options)


@pytest.fixture(scope="module")
def tickets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tickets")
    subject = domains()["it_ops"]
    rng = np.random.default_rng(11)
    source = folder / "tickets.csv"
    subject.damage(rng, subject.generate(rng, 600)).write_csv(source)
    chosen = settings(folder, domain="it_ops")
    return folder, source, chosen, Refinery(chosen).refine(str(source))


def test_every_row_is_out_aside_or_merged_and_joins_back_to_bronze(tickets):
    _, _, chosen, record = tickets
    assert record.status == "ok"
    rows = record.rows
    assert rows.in_ == rows.out + rows.quarantined + rows.merged
    lake = Warehouse(chosen.warehouse)
    silver, aside, bronze = (lake.scan(record.versions[n]).collect() for n in ("silver", "quarantine", "bronze"))
    ids = silver[ROW_ID].to_list() + aside[ROW_ID].to_list()
    assert len(set(ids)) == rows.out + rows.quarantined
    assert set(ids) <= set(bronze[ROW_ID].to_list())
    assert aside[QUARANTINE].null_count() == 0


def test_silver_is_bronze_with_the_edit_log_replayed(tickets):
    _, _, chosen, record = tickets
    lake = Warehouse(chosen.warehouse)
    bronze = lake.bronze_batch(record.versions["bronze"], record.reading["content_hash"]).collect()
    silver = lake.scan(record.versions["silver"]).collect()
    edits = lake.edits.read(record.run).collect()
    for column in ("Status", "Priority", "Category", "Assignee"):
        cells = dict(zip(bronze[ROW_ID], bronze[column], strict=True))
        for row_id, old, new in edits.filter(pl.col("column") == column).select(ROW_ID, "old", "new").iter_rows():
            assert cells[row_id] == old
            cells[row_id] = new
        assert [cells[i] for i in silver[ROW_ID]] == as_text(silver[column]).to_list()


def test_every_edit_says_which_operation_and_why(tickets):
    _, _, chosen, record = tickets
    edits = Warehouse(chosen.warehouse).edits.read(record.run).collect()
    assert edits.height == sum(step.changed_cells for step in record.steps if step.layer == "silver")
    assert edits.filter((pl.col("reason") == "") | (pl.col("operation") == "")).height == 0


def test_the_same_content_again_makes_no_new_version(tickets):
    _, source, chosen, record = tickets
    again = Refinery(chosen).refine(str(source))
    assert again.status == "ok"
    assert {n: r.version for n, r in again.versions.items()} == {n: r.version for n, r in record.versions.items()}


def test_each_agent_left_an_episode_and_the_ledger_knows_the_run(tickets):
    _, _, chosen, record = tickets
    lake = Warehouse(chosen.warehouse)
    stages = [lake.episodes.get(e).stage for e in record.episodes]
    assert list(dict.fromkeys(stages)) == ["ingest", "clean", "enrich"]
    assert lake.ledger.run(record.run).rows == record.rows
    assert Path(record.report).is_file()


def test_the_public_record_is_plain_json_with_the_promised_keys(tickets):
    record = tickets[3]
    body = json.loads(json.dumps(public_record(record)))
    assert set(body) >= {"run", "status", "rows", "score", "gates", "tables", "report"}
    assert set(body["rows"]) == {"in", "out", "quarantined", "merged"}
    assert set(body["tables"]) == {"bronze", "silver", "gold", "quarantine"}
    assert body["score"]["before"] < body["score"]["after"]


def test_a_failed_gate_publishes_nothing_of_its_layer(tickets, tmp_path):
    _, source, _, _ = tickets
    chosen = settings(tmp_path, domain="it_ops")
    first = Refinery(chosen).refine(str(source))
    path = Refinery(chosen).contract_path("it_ops", "tickets")
    contract = odcs.read_contract(path)
    strict = [
        r.model_copy(update={"arguments": {"min": 10**6}}) if r.kind == "row_count" else r for r in contract.rules
    ]
    from oreflow.contract import Rule

    strict.append(Rule(id="many_rows", kind="row_count", arguments={"min": 10**6}, severity="critical"))
    odcs.write_contract(contract.model_copy(update={"rules": tuple(strict)}), path)
    second = Refinery(chosen).refine(str(source))
    assert second.status == "failed_gate"
    assert "many_rows" in second.message
    lake = Warehouse(chosen.warehouse)
    assert lake.latest("silver", "it_ops", "tickets") == first.versions["silver"]
    assert lake.latest("gold", "it_ops", "tickets") == first.versions["gold"]


def test_an_unedited_source_needs_no_operation(tmp_path):
    table = pl.DataFrame({"id": [f"A{i}" for i in range(50)], "city": ["Oslo", "Rome"] * 25})
    source = tmp_path / "clean.csv"
    table.write_csv(source)
    record = Refinery(settings(tmp_path)).refine(str(source))
    assert record.status == "ok"
    assert sum(s.changed_cells for s in record.steps) == 0
    assert record.rows.out == 50


def test_duplicates_are_merged_into_the_row_that_is_kept(tmp_path):
    table = pl.DataFrame({"id": [f"A{i}" for i in range(30)], "city": ["Oslo", "Rome"] * 15})
    source = tmp_path / "twice.csv"
    pl.concat([table, table.head(3)]).write_csv(source)
    record = Refinery(settings(tmp_path)).refine(str(source))
    assert (record.rows.out, record.rows.merged) == (30, 3)
    assert MERGED_INTO not in Warehouse(tmp_path / "lake").scan(record.versions["silver"]).collect_schema()


def test_a_change_over_the_budget_stops_the_run_and_leaves_silver_unwritten(tmp_path):
    table = pl.DataFrame({"id": [f"A{i}" for i in range(100)], "note": ["good", "fine"] * 50})
    source = tmp_path / "n.csv"
    pl.concat([table, table.head(8)]).write_csv(source)
    with pytest.raises(BudgetSpent, match=r"remove_duplicates.*Raise budget"):
        Refinery(settings(tmp_path, budget={"rows": 0.05})).refine(str(source))
    lake = Warehouse(tmp_path / "lake")
    assert [t for t in lake.tables() if t.layer != "bronze"] == []
    assert lake.ledger.runs()[0].status == "budget_spent"
    assert [e.ending for e in lake.episodes.list(limit=5, stage="clean")] == ["budget"]


def test_the_whole_table_is_held_to_the_budget_too(tmp_path):
    from oreflow.run import StepReport
    from stages.silver import _keep_budget

    raw = pl.LazyFrame({ROW_ID: [0, 1], "a": ["x", "y"]})
    with pytest.raises(BudgetSpent, match=r"budget\.cells"):
        _keep_budget([StepReport(layer="silver", operation="x", sentence="x", changed_cells=2)], raw, Settings())


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"domain": "it_opps"}, UnknownName, 'did you mean "it_ops"'),
        ({"agent": "scriptd"}, UnknownName, 'did you mean "scripted"'),
    ],
)
def test_an_unknown_name_is_refused_before_anything_is_written(tmp_path, options, error, match):
    source = tmp_path / "a.csv"
    source.write_text("a\n1\n")
    with pytest.raises(error, match=match):
        Refinery(settings(tmp_path, **options)).refine(str(source))
    assert not (tmp_path / "lake").exists()


def test_a_missing_file_leaves_no_warehouse(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.csv"):
        Refinery(settings(tmp_path)).refine(str(tmp_path / "nowhere.csv"))
    assert not (tmp_path / "lake" / "bronze").exists()


def test_a_warehouse_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "lake").write_text("not a folder")
    with pytest.raises(ConfigError, match="lake"):
        Refinery(settings(tmp_path)).refine(str(tmp_path / "a.csv"))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_every_engine_publishes_the_same_cells(tickets, tmp_path, engine):
    _, source, chosen, record = tickets
    other = Refinery(settings(tmp_path, domain="it_ops", engine=engine)).refine(str(source))
    assert other.rows == record.rows
    for layer in ("silver", "gold"):
        ours, theirs = (
            Warehouse(w).scan(r.versions[layer]).collect()
            for w, r in ((chosen.warehouse, record), (tmp_path / "lake", other))
        )
        assert theirs.equals(ours)


def test_a_row_that_several_functions_call_damaged_goes_aside_with_their_claims(tmp_path):
    rows = 300
    table = pl.DataFrame(
        {
            "order_id": [f"O{i:04}" for i in range(rows)],
            "email": [f"buyer{i}@example.org" for i in range(rows)],
            "start_date": [f"2024-0{1 + i % 6}-11" for i in range(rows)],
            "end_date": [f"2024-0{3 + i % 6}-12" for i in range(rows)],
            "price": [f"{10 + i % 50}.5" for i in range(rows)],
        }
    )
    bad = pl.int_range(rows) == 7
    table = table.with_columns(
        email=pl.when(bad).then(pl.lit("buyer 7 at example")).otherwise("email"),
        end_date=pl.when(bad).then(pl.lit("2019-01-01")).otherwise("end_date"),
        price=pl.when(bad).then(pl.lit("-400.5")).otherwise("price"),
    )
    source = tmp_path / "orders.csv"
    table.write_csv(source)
    record = Refinery(settings(tmp_path)).refine(str(source))
    aside = Warehouse(tmp_path / "lake").scan(record.versions["quarantine"]).collect()
    assert aside["order_id"].to_list() == ["O0007"]
    assert "price" in aside[QUARANTINE][0] or "end_date" in aside[QUARANTINE][0]


@pytest.mark.parametrize("name", ["hr", "sales", "projects", "it_ops"])
def test_every_domain_goes_from_damaged_text_to_gold_with_its_answers(tmp_path, name):
    subject, rng = domains()[name], np.random.default_rng(3)
    source = tmp_path / f"{name}.csv"
    subject.damage(rng, subject.generate(rng, 1500)).write_csv(source)
    record = Refinery(settings(tmp_path, domain=name)).refine(str(source))
    assert record.status == "ok", record.message
    assert record.rows.out >= 0.95 * 1500
    assert len(record.fields_added) >= 5
    assert [a.error for a in record.answers if a.error] == []


def test_a_renamed_column_stops_the_run_and_is_named(tmp_path):
    table = pl.DataFrame({"id": [f"A{i}" for i in range(50)], "city": ["Oslo", "Rome"] * 25})
    for name, columns in (("one", ["id", "city"]), ("two", ["id", "City"])):
        (tmp_path / name).mkdir()
        table.rename(dict(zip(table.columns, columns, strict=True))).write_csv(tmp_path / name / "t.csv")
    chosen = settings(tmp_path)
    first = Refinery(chosen).refine(str(tmp_path / "one" / "t.csv"))
    with pytest.raises(ContractError, match=r'"city" \(renamed to "City"\?\)'):
        Refinery(chosen).refine(str(tmp_path / "two" / "t.csv"))
    assert Warehouse(chosen.warehouse).latest("silver", first.domain, "t") == first.versions["silver"]
