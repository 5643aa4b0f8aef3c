"""A process killed at any moment of writing leaves every table readable, and the next run goes on."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime

import polars as pl
import pytest

from oreflow.run import TableRef
from warehouse import Warehouse

ROWS = 20_000
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

WRITER = """
import sys, polars as pl
from datetime import UTC, datetime
from pathlib import Path
from warehouse import Conservation, Warehouse

lake, name, rows = Warehouse(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for n in range(10_000):
    mark = f"{name}.{n}"
    with lake.ledger.lock("sales", "orders", mark, wait=30):
        lake.append_bronze(
            "sales", "orders", pl.LazyFrame({"mark": [mark] * rows}), source="s", content_hash=mark,
            ingested_at=datetime.now(UTC), recipe={},
        )
        silver = lake.stage("silver", "sales", "orders", run=mark)
        quarantine = lake.stage("quarantine", "sales", "orders", run=mark)
        for part in range(4):
            silver.write(pl.DataFrame({"mark": [mark] * rows, "part": [part] * rows, f"only_{n % 3}": [n] * rows}))
        quarantine.sink(pl.LazyFrame({"mark": [mark] * rows}))
        expected = Conservation(rows_in=5 * rows, out=4 * rows, quarantined=rows)
        lake.publish([silver, quarantine], run=mark, expected=expected)
        lake.discard(mark)
"""


def kill_while_it_writes(root, name, chance):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(root), name, str(ROWS)], stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"ready\n"
    time.sleep(chance.uniform(0.02, 0.6))
    assert writer.poll() is None, "the writer must be killed, not end"
    writer.kill()
    writer.wait()


def every_version_is_whole(lake):
    for layer, rows in (("silver", 4 * ROWS), ("quarantine", ROWS)):
        for version in lake.versions(layer, "sales", "orders"):
            ref = TableRef(layer=layer, domain="sales", table="orders", version=version.version)
            marks = lake.scan(ref).collect()["mark"]
            assert marks.len() == version.rows == rows
            assert marks.unique().to_list() == [version.run]


def bronze_is_whole(lake):
    ref = lake.latest("bronze", "sales", "orders")
    table = lake.scan(ref).collect() if ref else pl.DataFrame({"_row_id": [], "_content_hash": []})
    assert table["_row_id"].n_unique() == table.height
    assert set(table["_content_hash"].value_counts()["count"].to_list()) <= {ROWS}
    return ref


def survive(root, kills, seed):
    chance, lake = random.Random(seed), Warehouse(root)
    for n in range(kills):
        kill_while_it_writes(root, f"w{n}", chance)
        ref = bronze_is_whole(lake)
        every_version_is_whole(lake)
        if ref:  # the run after the crash, in this process
            with lake.ledger.lock("sales", "orders", f"after_{n}"):
                staging = lake.stage("silver", "sales", "orders", run=f"after{n}")
                staging.sink(pl.LazyFrame({"mark": [f"after{n}"] * (4 * ROWS)}))
                refs = lake.publish([staging], run=f"after{n}")
                assert lake.latest("silver", "sales", "orders") == refs["silver"]
    lake.sweep()
    kept = {file for ref in lake.tables() for file in lake.path(ref).glob("*.parquet")}
    named = {
        file
        for ref in lake.tables()
        for version in range(ref.version + 1)
        for file in lake.files(ref.model_copy(update={"version": version}))
    }
    assert kept == named, "the sweeper takes what no version names, and only that"
    assert len(lake.versions("silver", "sales", "orders")) == len(
        lake.ledger.publications("sales", "orders", layer="silver", limit=None)
    )


def test_a_few_kills_leave_every_version_whole(tmp_path):
    survive(tmp_path / "lake", kills=4, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_leave_every_version_whole(tmp_path):
    survive(tmp_path / "lake", kills=100, seed=2)


def test_a_writer_killed_between_moving_its_files_and_committing_leaves_the_old_version(tmp_path):
    lake = Warehouse(tmp_path / "lake")
    staging = lake.stage("silver", "sales", "orders", run="r0")
    staging.write(pl.DataFrame({"n": [0]}))
    ref = lake.publish([staging], run="r0")["silver"]
    code = """
import os, signal, sys, polars as pl
from pathlib import Path
from warehouse import Warehouse, delta
lake = Warehouse(Path(sys.argv[1]))
staging = lake.stage("silver", "sales", "orders", run="r1")
staging.write(pl.DataFrame({"n": [1]}))
delta.flush_folder = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
lake.publish([staging], run="r1")
"""
    killed = subprocess.run([sys.executable, "-c", code, str(lake.root)])
    assert killed.returncode == -9
    assert len(list(lake.path(ref).glob("part-*.parquet"))) == 2
    assert lake.latest("silver", "sales", "orders") == ref
    assert lake.scan(ref).collect()["n"].to_list() == [0]
    again = lake.stage("silver", "sales", "orders", run="r2")
    again.write(pl.DataFrame({"n": [2]}))
    new = lake.publish([again], run="r2")["silver"]
    assert lake.scan(new).collect()["n"].to_list() == [2]
    assert {p.name for p in lake.path(ref).glob("part-*.parquet")} == {
        p.name for r in (ref, new) for p in lake.files(r)
    }
