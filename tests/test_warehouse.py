"""The warehouse: what is written stays, what is published appears at once, and names can't lead out of it."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from oreflow.errors import ConfigError, InfrastructureError, UnknownName
from oreflow.run import TableRef
from oreflow.tables import ROW_ID, data_columns
from warehouse import Conservation, RowsNotConserved, Warehouse, delta, sink_together

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICKETS = pl.DataFrame({"_row_id": [0, 1, 2], "state": ["open", None, "closed"], "hours": [1.5, 2.0, None]})


@pytest.fixture
def lake(tmp_path):
    return Warehouse(tmp_path / "lake")


def ingest(lake, frame, content_hash, *, table="tickets", recipe=None):
    return lake.append_bronze(
        "it_ops", table, frame.lazy(), source="tickets.csv", content_hash=content_hash, ingested_at=NOON,
        recipe=recipe or {"delimiter": ";"},
    )  # fmt: skip


def publish(lake, frame, *, run, layer="silver", table="tickets"):
    staging = lake.stage(layer, "it_ops", table, run=run)
    staging.write(frame)
    return lake.publish([staging], run=run)[layer]


# Nothing before the first write


def test_looking_at_an_empty_warehouse_creates_nothing(lake):
    assert lake.tables() == []
    assert lake.latest("silver", "it_ops", "tickets") is None
    assert lake.versions("gold", "it_ops", "tickets") == []
    assert lake.find_ingest("it_ops", "tickets", "h") is None
    assert lake.reading_recipe("it_ops", "tickets", "h") is None
    assert lake.ledger.runs() == [] and lake.ledger.publications() == []
    assert lake.episodes.list() == []
    assert lake.edits.read().collect().is_empty()
    assert not lake.root.exists()


def test_a_file_is_no_warehouse(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ConfigError, match=r"is a file.*--warehouse"):
        Warehouse(tmp_path / "notes.txt")


def test_a_folder_that_delta_would_misread_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="choose another folder"):
        Warehouse(tmp_path / "a%20b")


@pytest.mark.parametrize("folder", ["with space", "größe", "a#b", "100%", "quote's"])
def test_a_warehouse_may_lie_in_a_folder_of_any_name(tmp_path, folder):
    lake = Warehouse(tmp_path / folder)
    assert_frame_equal(lake.scan(publish(lake, TICKETS, run="r1")).collect(), TICKETS)


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../x", "/etc", "a/b", "a\\b", "C:x", "con", "NUL.txt", "x ", "x.", "_staging", "a\x00b",
     "a" * 200, "what?", "a%20b"],
)  # fmt: skip
def test_a_name_that_could_leave_its_folder_is_refused_with_a_better_one(lake, name):
    with pytest.raises(ConfigError, match="call it for example"):
        lake.stage("silver", "it_ops", name, run="r1")
    with pytest.raises(ConfigError, match="call it for example"):
        lake.latest("silver", name, "tickets")
    with pytest.raises(ConfigError, match="call it for example"):
        lake.stage("silver", "it_ops", "tickets", run=name)
    assert not lake.root.exists()


def test_a_misspelt_layer_table_or_version_is_answered_with_the_known_ones(lake):
    publish(lake, TICKETS, run="r1")
    with pytest.raises(UnknownName, match='did you mean "silver"'):
        lake.latest("sliver", "it_ops", "tickets")
    with pytest.raises(UnknownName, match='did you mean "silver/it_ops/tickets"'):
        lake.scan(TableRef(layer="silver", domain="it_ops", table="ticket", version=0))
    with pytest.raises(UnknownName, match="no version"):
        lake.scan(TableRef(layer="silver", domain="it_ops", table="tickets", version=7))


# Bronze


def test_bronze_keeps_every_row_as_read_with_where_it_came_from(lake):
    ref = ingest(lake, pl.DataFrame({"id": ["7", "7"], "note": [" a ", None]}), "h1")
    assert lake.scan(ref).collect().to_dict(as_series=False) == {
        "_row_id": [0, 1],
        "id": ["7", "7"],
        "note": [" a ", None],
        "_source": ["tickets.csv"] * 2,
        "_ingested_at": [NOON] * 2,
        "_content_hash": ["h1"] * 2,
    }
    assert lake.reading_recipe("it_ops", "tickets", "h1") == {"delimiter": ";"}


def test_the_same_content_again_is_no_new_version(lake):
    first = ingest(lake, pl.DataFrame({"id": ["1"]}), "h1")
    ingest(lake, pl.DataFrame({"id": ["2"]}), "h2")
    assert ingest(lake, pl.DataFrame({"id": ["1"]}), "h1") == first == lake.find_ingest("it_ops", "tickets", "h1")
    assert len(lake.versions("bronze", "it_ops", "tickets")) == 2


def test_row_ids_go_on_where_the_table_stopped_even_after_an_empty_ingest(lake):
    for number, rows in enumerate([3, 0, 2]):
        ref = ingest(lake, pl.DataFrame({"id": ["x"] * rows}, schema={"id": pl.String}), f"h{number}")
    assert lake.scan(ref).collect()[ROW_ID].to_list() == [0, 1, 2, 3, 4]
    assert lake.bronze_batch(ref, "h2").collect()[ROW_ID].to_list() == [3, 4]
    assert lake.bronze_batch(ref, "h1").collect().height == 0


def test_ingests_at_the_same_time_never_share_a_row_id(lake):
    frames = [pl.DataFrame({"id": [str(n)] * 100}) for n in range(6)]
    threads = [threading.Thread(target=ingest, args=(lake, frame, f"h{n}")) for n, frame in enumerate(frames)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = lake.scan(lake.latest("bronze", "it_ops", "tickets")).collect()
    assert table.height == table[ROW_ID].n_unique() == 600


def test_earlier_bronze_bytes_are_never_touched(lake):
    first = ingest(lake, pl.DataFrame({"id": [1]}), "h1")
    before = {path: path.read_bytes() for path in lake.files(first)}
    ingest(lake, pl.DataFrame({"id": ["one"], "more": [1.5]}), "h2")
    assert {path: path.read_bytes() for path in lake.files(first)} == before
    assert data_columns(lake.scan(first).collect_schema().names()) == ["id"]


def test_an_ingest_may_bring_new_columns_and_leave_others_out(lake):
    ingest(lake, pl.DataFrame({"id": [1], "old": ["x"]}), "h1")
    ref = ingest(lake, pl.DataFrame({"new": [True], "id": [2]}), "h2")
    assert lake.scan(ref).select("id", "old", "new").collect().rows() == [(1, "x", None), (2, None, True)]
    assert data_columns(lake.bronze_batch(ref, "h2").collect_schema().names()) == ["new", "id"]
    assert data_columns(lake.bronze_batch(ref, "h1").collect_schema().names()) == ["id", "old"]


def test_types_that_clash_are_read_together_as_text_and_apart_as_they_were(lake):
    ingest(lake, pl.DataFrame({"code": [1, 2]}), "h1")
    ingest(lake, pl.DataFrame({"code": ["A3", None]}), "h2")
    ref = ingest(lake, pl.DataFrame({"code": [4.5]}), "h3")
    assert lake.scan(ref).collect()["code"].to_list() == ["1", "2", "A3", None, "4.5"]
    assert lake.bronze_batch(ref, "h1").collect()["code"].to_list() == [1, 2]
    assert lake.bronze_batch(ref, "h2").collect()["code"].to_list() == ["A3", None]


def test_headers_that_differ_only_in_case_stay_two_columns(lake):
    ref = ingest(lake, pl.DataFrame({"ID": [1], "id": ["a"], "Id": [None]}), "h1")
    ref = ingest(lake, pl.DataFrame({"id": ["b"], "ID": [2]}), "h2")
    assert lake.scan(ref).select("ID", "id", "Id").collect().rows() == [(1, "a", None), (2, "b", None)]
    assert lake.bronze_batch(ref, "h2").select("ID", "id").collect().rows() == [(2, "b")]


@pytest.mark.parametrize("header", ["", " ", "a.b", "größe", "a,b;{c}()\n\t=", '"q"', "`tick`", "_x", "a" * 300, "数"])
def test_any_header_can_be_stored(lake, header):
    frame = pl.DataFrame({header: ["v"]})
    ref = ingest(lake, frame, "h1")
    assert lake.bronze_batch(ref, "h1").select(header).collect().item() == "v"
    assert_frame_equal(lake.scan(publish(lake, frame, run="r1")).collect(), frame)


def test_a_source_that_uses_a_system_column_is_refused_and_leaves_nothing(lake):
    with pytest.raises(ConfigError, match="_row_id; rename"):
        ingest(lake, pl.DataFrame({"_row_id": [1]}), "h1")
    assert lake.latest("bronze", "it_ops", "tickets") is None


def test_a_source_that_breaks_half_way_leaves_the_table_as_it_was(lake, tmp_path):
    ingest(lake, pl.DataFrame({"id": [1]}), "h1")
    (tmp_path / "bad.csv").write_text("id\n" + "1\n" * 50_000 + "one\n")
    broken = pl.scan_csv(tmp_path / "bad.csv", schema={"id": pl.Int64})
    with pytest.raises(pl.exceptions.ComputeError):
        ingest(lake, broken, "h2")
    assert lake.scan(lake.latest("bronze", "it_ops", "tickets")).collect().height == 1
    assert lake.find_ingest("it_ops", "tickets", "h2") is None
    assert list((lake.root / "_staging").iterdir()) == []


def test_raw_bytes_are_kept_once_under_their_hash(lake, tmp_path):
    source = tmp_path / "Data.CSV"
    source.write_bytes(b"a;b\n1;2\n")
    kept = lake.keep_raw(source, "abc123")
    assert kept == lake.root / "bronze" / "_raw" / "abc123.csv"
    source.write_bytes(b"changed")
    assert lake.keep_raw(source, "abc123").read_bytes() == b"a;b\n1;2\n"
    assert lake.tables() == []


def test_an_unknown_ingest_is_named(lake):
    ref = ingest(lake, pl.DataFrame({"id": [1]}), "hash_one")
    with pytest.raises(UnknownName, match='did you mean "hash_one"'):
        lake.bronze_batch(ref, "hash_on")


# Types


def test_every_type_survives_or_becomes_one_that_loses_nothing(lake):
    frame = pl.DataFrame(
        {
            "day": [date(2024, 2, 29)],
            "moment": [datetime(2024, 2, 29, 23, 59, 59, 123456)],
            "zoned": [datetime(2024, 2, 29, 23, tzinfo=UTC)],
            "money": [Decimal("12.30")],
            "flag": [True],
            "bytes": [b"\x00\xff"],
            "list": [[1, 2]],
            "struct": [{"a": 1, "b": "x"}],
            "small": pl.Series([1], dtype=pl.Int8),
            "big": pl.Series([2**64 - 1], dtype=pl.UInt64),
            "time": [clock(23, 59, 1)],
            "kind": pl.Series(["x"], dtype=pl.Categorical),
            "nothing": [None],
            "fine": pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns")),
            "coarse": pl.Series([1000], dtype=pl.Int64).cast(pl.Datetime("ns")),
        }
    )
    row = lake.scan(publish(lake, frame, run="r1")).collect().row(0, named=True)
    assert row == {
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 23, 59, 59, 123456),
        "zoned": datetime(2024, 2, 29, 23, tzinfo=UTC),
        "money": Decimal("12.30"),
        "flag": True,
        "bytes": b"\x00\xff",
        "list": [1, 2],
        "struct": {"a": 1, "b": "x"},
        "small": 1,
        "big": Decimal(2**64 - 1),
        "time": "23:59:01",
        "kind": "x",
        "nothing": None,
        "fine": "1970-01-01 00:00:00.000000001",
        "coarse": datetime(1970, 1, 1, 0, 0, 0, 1),
    }


def test_a_later_version_may_bring_local_times_to_a_table_that_had_none(lake):
    publish(lake, TICKETS, run="r1")
    later = TICKETS.with_columns(opened=pl.lit(datetime(2024, 1, 1, 8)))
    assert_frame_equal(lake.scan(publish(lake, later, run="r2")).collect(), later)
    assert [v.run for v in lake.versions("silver", "it_ops", "tickets")] == ["r2", "r1"]


# Staging and publishing


def test_staged_rows_are_invisible_until_they_are_published(lake):
    staging = lake.stage("silver", "it_ops", "tickets", run="r1")
    staging.write(TICKETS.head(1))
    staging.sink(TICKETS.tail(2).lazy())
    assert staging.rows == 3
    assert_frame_equal(staging.scan().collect(), TICKETS)
    assert lake.latest("silver", "it_ops", "tickets") is None and lake.tables() == []
    ref = lake.publish([staging], run="r1")["silver"]
    assert_frame_equal(lake.scan(ref).collect(), TICKETS)


def test_an_empty_table_can_be_published(lake):
    ref = publish(lake, TICKETS.clear(), run="r1", layer="quarantine")
    assert_frame_equal(lake.scan(ref).collect(), TICKETS.clear())
    assert lake.path(ref) == lake.root / "silver" / "it_ops" / "tickets__quarantine"
    assert lake.tables() == [ref]


def test_parts_of_one_table_must_have_the_same_columns(lake):
    staging = lake.stage("silver", "it_ops", "tickets", run="r1")
    staging.write(TICKETS)
    with pytest.raises(InfrastructureError, match="differ in: hours"):
        staging.write(TICKETS.drop("hours"))


def test_a_table_without_columns_is_refused(lake):
    with pytest.raises(InfrastructureError, match="needs a column"):
        lake.stage("silver", "it_ops", "tickets", run="r1").write(pl.DataFrame())


def test_the_same_content_cut_otherwise_is_no_new_version(lake):
    ref = publish(lake, TICKETS, run="r1")
    staging = lake.stage("silver", "it_ops", "tickets", run="r2")
    for n in range(3):
        staging.sink(TICKETS.slice(n, 1).lazy())
    assert lake.publish([staging], run="r2")["silver"] == ref
    assert [p.run for p in lake.ledger.publications()] == ["r1"]


@pytest.mark.parametrize(
    "changed",
    [
        TICKETS.with_columns(state=pl.lit("open")),
        TICKETS.with_columns(pl.col("hours").cast(pl.String)),
        TICKETS.rename({"state": "status"}),
        TICKETS.head(2),
        pl.concat([TICKETS, TICKETS]),
        TICKETS.select("_row_id", "hours", "state"),
    ],
)
def test_any_change_of_content_is_a_new_version(lake, changed):
    first = publish(lake, TICKETS, run="r1")
    second = publish(lake, changed, run="r2")
    assert second.version == first.version + 1
    assert_frame_equal(lake.scan(second).collect(), changed)
    assert_frame_equal(lake.scan(first).collect(), TICKETS)


def test_versions_tell_who_made_them_and_what_they_hold(lake):
    publish(lake, TICKETS, run="r1")
    publish(lake, TICKETS.head(2), run="r2")
    newest, oldest = lake.versions("silver", "it_ops", "tickets")
    assert (newest.version, newest.run, newest.rows) == (1, "r2", 2)
    assert (oldest.version, oldest.run, oldest.rows) == (0, "r1", 3)
    assert oldest.digest != newest.digest and oldest.time <= newest.time
    first, second = reversed(lake.ledger.publications("it_ops", "tickets", layer="silver"))
    assert (first.from_version, first.to_version, first.rows) == (None, 0, 3)
    assert (second.from_version, second.to_version, second.run) == (0, 1, "r2")


def test_a_publication_that_the_ledger_missed_is_written_down_by_the_next(lake):
    publish(lake, TICKETS, run="r1")
    (lake.root / "ledger.sqlite").unlink()
    publish(lake, TICKETS.head(1), run="r2")
    assert [(p.run, p.from_version, p.to_version) for p in lake.ledger.publications()] == [
        ("r2", 0, 1),
        ("r1", None, 0),
    ]


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (Conservation(rows_in=5, out=3, quarantined=1, merged=0), "5 rows came in, but 3 out"),
        (Conservation(rows_in=3, out=2, quarantined=1, merged=0), "holds 3 rows, not 2"),
        (Conservation(rows_in=5, out=3, quarantined=2, merged=0), "holds 1 rows, not 2"),
    ],
)
def test_nothing_is_published_where_rows_are_not_conserved(lake, expected, message):
    silver = lake.stage("silver", "it_ops", "tickets", run="r1")
    silver.write(TICKETS)
    quarantine = lake.stage("quarantine", "it_ops", "tickets", run="r1")
    quarantine.write(TICKETS.head(1))
    with pytest.raises(RowsNotConserved, match=message) as refused:
        lake.publish([silver, quarantine], run="r1", expected=expected)
    assert refused.value.exit_code == 1
    assert lake.tables() == []


def test_quarantined_rows_without_a_quarantine_are_refused(lake):
    silver = lake.stage("silver", "it_ops", "tickets", run="r1")
    silver.write(TICKETS)
    with pytest.raises(RowsNotConserved, match="no quarantine is staged"):
        lake.publish([silver], run="r1", expected=Conservation(rows_in=4, out=3, quarantined=1))


def test_side_tables_lie_beside_their_gold_table_and_are_published_first(lake):
    gold = lake.stage("gold", "it_ops", "tickets", run="r1")
    gold.write(TICKETS)
    side = lake.stage("gold", "it_ops", "tickets", run="r1", side="by_state")
    side.write(pl.DataFrame({"state": ["open"], "n": [1]}))
    refs = lake.publish([gold, side], run="r1", expected=Conservation(rows_in=3, out=3))
    assert {key: str(ref) for key, ref in refs.items()} == {
        "gold__by_state": "gold/it_ops/tickets__by_state@0",
        "gold": "gold/it_ops/tickets@0",
    }
    assert list(refs) == ["gold__by_state", "gold"]
    assert (lake.root / "gold" / "it_ops" / "tickets__by_state" / "_delta_log").is_dir()


def test_a_run_that_was_overtaken_is_refused_and_the_winner_stands(lake):
    publish(lake, TICKETS, run="r0")
    code = """
import sys, polars as pl
from pathlib import Path
from warehouse import Warehouse
lake = Warehouse(Path(sys.argv[1]))
s = lake.stage("silver", "it_ops", "tickets", run=sys.argv[2])
s.write(pl.DataFrame({"run": [sys.argv[2]] * 1000}))
input()
try:
    for n in range(20):
        lake.publish([s], run=sys.argv[2])
        s = lake.stage("silver", "it_ops", "tickets", run=sys.argv[2])
        s.write(pl.DataFrame({"run": [sys.argv[2]] * 1000, "n": [n] * 1000}))
except Exception as error:
    print(type(error).__name__, error)
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(lake.root), f"p{n}"], stdin=-1, stdout=-1, text=True)
        for n in range(3)
    ]
    outs = [process.communicate("go\n")[0] for process in runs]
    for out in outs:
        assert not out or out.startswith("InfrastructureError"), out
    for version in lake.versions("silver", "it_ops", "tickets"):
        frame = lake.scan(TableRef(layer="silver", domain="it_ops", table="tickets", version=version.version)).collect()
        assert frame.height == version.rows
        assert version.run == "r0" or frame["run"].unique().to_list() == [version.run]


def test_a_commit_on_top_of_a_version_that_is_no_longer_the_newest_is_refused(lake):
    folder = lake.path(publish(lake, TICKETS, run="r0"))
    stale = delta.open_table(folder)
    ref = publish(lake, TICKETS.head(1), run="r1")
    staging = lake.stage("silver", "it_ops", "tickets", run="r2")
    staging.write(TICKETS.tail(1))
    with pytest.raises(InfrastructureError, match="run again"):
        delta.commit(folder, staging.parts, staging.stored, run="r2", account={}, mode="overwrite", base=stale)
    assert lake.latest("silver", "it_ops", "tickets") == ref
    lake.discard("r2")
    assert sorted(folder.glob("*.parquet")) == sorted(
        {*lake.files(ref), *lake.files(ref.model_copy(update={"version": 0}))}
    )


def test_what_plans_share_is_run_once_for_two_outcomes(lake, tmp_path):
    TICKETS.write_parquet(tmp_path / "t.parquet")
    replay = pl.scan_parquet(tmp_path / "t.parquet").with_columns(bad=pl.col("hours").is_null())
    silver = lake.stage("silver", "it_ops", "tickets", run="r1")
    quarantine = lake.stage("quarantine", "it_ops", "tickets", run="r1")
    sink_together([(silver, replay.filter(~pl.col("bad"))), (quarantine, replay.filter(pl.col("bad")))])
    assert (silver.rows, quarantine.rows) == (2, 1)
    refs = lake.publish([silver, quarantine], run="r1", expected=Conservation(rows_in=3, out=2, quarantined=1))
    assert lake.rows(refs["silver"]) == 2


def test_discarding_a_run_leaves_what_is_published(lake):
    publish(lake, TICKETS, run="r1")
    staging = lake.stage("silver", "it_ops", "tickets", run="r2")
    staging.write(TICKETS.head(1))
    lake.discard("r2")
    assert not (lake.root / "_staging" / "r2").exists()
    assert_frame_equal(lake.scan(lake.latest("silver", "it_ops", "tickets")).collect(), TICKETS)


def test_the_sweeper_takes_what_dead_runs_left_and_nothing_else(lake):
    ref = publish(lake, TICKETS, run="r1")
    folder = lake.path(ref)
    orphan = folder / "part-0000000000000000-dead-0123abcd.parquet"
    stale = folder / "part-x.parquet#1"
    fresh = folder / "other.parquet#1"
    for path in (orphan, stale, fresh):
        path.write_bytes(b"x")
    os.utime(stale, (1, 1))
    child = subprocess.run(
        [sys.executable, "-c", "from pathlib import Path; import sys; from warehouse import Warehouse;"
         "Warehouse(Path(sys.argv[1])).stage('silver', 'it_ops', 'tickets', run='dead')", str(lake.root)], check=True,
    )  # fmt: skip
    assert child.returncode == 0
    mine = lake.stage("silver", "it_ops", "tickets", run="alive")
    assert lake.sweep() == [] and not (lake.root / "_staging" / "dead").exists()  # `stage` swept it already
    assert not orphan.exists() and not stale.exists() and fresh.exists()
    assert mine.folder.parents[2].is_dir()
    assert_frame_equal(lake.scan(ref).collect(), TICKETS)


# Readers

PUBLISHER = """
import sys, polars as pl
from pathlib import Path
from warehouse import Warehouse
lake = Warehouse(Path(sys.argv[1]))
for n in range(1, int(sys.argv[2]) + 1):
    table = lake.stage("silver", "it_ops", "tickets", run=f"r{n}")
    for part in range(3):
        table.write(pl.DataFrame({"n": [n] * 1000 * n, "part": [part] * 1000 * n}))
    lake.publish([table], run=f"r{n}")
"""


def test_polars_pandas_and_duckdb_see_the_old_version_or_the_new_one(lake):
    publish(lake, pl.DataFrame({"n": [0], "part": [0]}), run="r0")
    readers = {
        "polars": lambda ref: lake.scan(ref).collect()["n"].to_list(),
        "pandas": lambda ref: pd.concat(pd.read_parquet(p) for p in lake.files(ref))["n"].tolist(),
        "duckdb": lambda ref: [
            row[0] for row in duckdb.sql(f"select n from read_parquet({[str(p) for p in lake.files(ref)]})").fetchall()
        ],
    }
    seen = {name: set() for name in readers}
    publisher = subprocess.Popen([sys.executable, "-c", PUBLISHER, str(lake.root), "25"])
    while publisher.poll() is None or max(map(max, seen.values())) < 25:
        for name, read in readers.items():
            values = read(lake.latest("silver", "it_ops", "tickets"))
            assert len(set(values)) == 1, f"{name} saw a mix"
            assert len(values) == max(1, 3000 * values[0])
            seen[name].add(values[0])
        if publisher.poll() not in (None, 0):
            pytest.fail("the publisher failed")
    assert all(25 in versions for versions in seen.values())
    assert any(len(versions) > 2 for versions in seen.values())


def test_an_old_version_stays_readable_after_many_new_ones(lake):
    first = publish(lake, TICKETS, run="r0")
    for n in range(120):  # past the log's own checkpoint
        publish(lake, pl.DataFrame({"n": [n]}), run=f"r{n}")
    assert_frame_equal(lake.scan(first).collect(), TICKETS)
    assert len(lake.versions("silver", "it_ops", "tickets")) == 121


def test_a_damaged_log_is_named_with_the_way_out(lake):
    ref = publish(lake, TICKETS, run="r1")
    next((lake.path(ref) / "_delta_log").glob("*.json")).write_text("{not json")
    with pytest.raises(InfrastructureError, match="Restore its _delta_log"):
        lake.scan(ref)


# Edits and votes

EDIT = {
    "layer": ["silver"], "step": [3], "operation": ["trim_spaces"], "meaning": ["format"], "reason": ["spaces"],
    "_row_id": [7], "column": ["state"], "old": [" open"], "new": ["open"],
}  # fmt: skip


def test_edits_are_found_by_run_column_and_row(lake):
    lake.edits.append("r1", pl.DataFrame(EDIT))
    lake.edits.append("r1", pl.DataFrame({**EDIT, "_row_id": [8], "column": ["hours"], "new": [None]}).lazy())
    lake.edits.append("r2", pl.DataFrame(EDIT))
    assert lake.edits.runs() == ["r1", "r2"]
    assert lake.edits.read("r1").collect()[ROW_ID].to_list() == [7, 8]
    assert lake.edits.read(["r1", "r2"], row_id=7).collect()["run"].to_list() == ["r1", "r2"]
    assert lake.edits.read(column="hours").collect()["new"].to_list() == [None]
    assert lake.edits.read("r9").collect().is_empty()


def test_edits_without_a_needed_column_are_refused(lake):
    with pytest.raises(InfrastructureError, match="without reason"):
        lake.edits.append("r1", pl.DataFrame(EDIT).drop("reason"))


def test_votes_are_kept_per_run(lake):
    votes = pl.DataFrame({"_row_id": [0, 1], "email_without_at": [1, -1]})
    lake.save_votes("run_1", votes)
    assert_frame_equal(lake.read_votes("run_1").collect(), votes)
    with pytest.raises(UnknownName, match='did you mean "run_1"'):
        lake.read_votes("run_2")


def test_a_commit_carries_its_own_account(lake):
    ref = publish(lake, TICKETS, run="r1")
    log = (lake.path(ref) / "_delta_log" / "00000000000000000000.json").read_text().splitlines()
    account = json.loads(json.loads(log[0])["commitInfo"]["oreflow"])
    assert account["run"] == "r1" and account["rows"] == 3 and account["who"]


def test_opening_a_warehouse_is_quick(tmp_path):
    started = time.perf_counter()
    Warehouse(tmp_path / "lake").tables()
    assert time.perf_counter() - started < 0.2
