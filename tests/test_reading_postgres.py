"""PostgreSQL as a source, against a server of the test's own."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from oreflow.agent import make_agent
from oreflow.errors import InfrastructureError, SourceError, UnknownName
from oreflow.reading import ReadingRecipe, open_reading
from stages.bronze import ingest
from warehouse import Warehouse

psycopg = pytest.importorskip("psycopg")
SQL = ReadingRecipe(kind="sql")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("initdb") is None, reason="no PostgreSQL server is installed"),
]


def as_owner(*command: str) -> None:
    """Run as a user that PostgreSQL accepts: it refuses root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, capture_output=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    as_owner("initdb", "-D", str(data), "-A", "trust", "-U", user)
    options = f"-c listen_addresses='' -k {folder}"
    as_owner("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
    url = f"postgresql://{user}:geheim@/postgres?host={folder}"
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, price numeric(8,2), share float8, paid boolean, "
            "day date, at timestamp, seen timestamptz, note text, tags int[], body jsonb, forever date); "
            "INSERT INTO shop.orders VALUES "
            "(1, 1.50, 0.1, true, '2024-01-02', '2024-01-02 03:04:05.5', '2024-01-02 03:04+02', 'a \"b\"\n,c', "
            "'{1,2}', '{\"x\": 1}', 'infinity'), "
            "(2, NULL, 'Infinity', false, NULL, NULL, NULL, '', NULL, NULL, '2024-01-01'); "
            "CREATE TABLE big AS SELECT i AS id, 'x' || i AS name FROM generate_series(1, 200000) i"
        )
    yield url
    as_owner("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def test_scalar_types_stay_and_the_rest_is_text(server: str) -> None:
    reading = open_reading(SQL, f"{server}&table=shop.orders")
    first, second = reading.frame.collect().rows()
    assert first == (
        1, "1.50", 0.1, True, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5, 500_000), "2024-01-02 01:04:00+00",
        'a "b"\n,c', "[1,2]", '{"x": 1}', "infinity",
    )  # fmt: skip
    assert second == (2, None, float("inf"), False, None, None, None, "", None, None, "2024-01-01")
    assert reading.records == 2
    assert any('"forever" stays text' in problem for problem in reading.problems)


def test_queries_may_hold_percent_and_repeat_a_name(server: str) -> None:
    query = "SELECT id, id FROM shop.orders WHERE note LIKE '%b%';"
    frame = open_reading(SQL, f"{server}&query={query}").frame.collect()
    assert frame.to_dicts() == [{"id": 1, "id_2": 1}]


def test_wrong_names_queries_and_passwords_are_told_without_the_password(server: str) -> None:
    with pytest.raises(UnknownName, match=r'did you mean "shop.orders"'):
        open_reading(SQL, f"{server}&table=shop.order")
    with pytest.raises(SourceError, match=r"2 tables: big, shop.orders; name one"):
        open_reading(SQL, server)
    for query in ("SELEC 1", "DELETE FROM big", "SELECT pg_sleep(0) FROM nowhere"):
        with pytest.raises(SourceError, match="PostgreSQL says") as caught:
            open_reading(SQL, f"{server}&query={query}")
        assert "geheim" not in str(caught.value)
    with pytest.raises(InfrastructureError, match="did not answer"):
        open_reading(SQL, f"{server.replace('/postgres?', '/nowhere?')}&table=big")


def test_a_table_becomes_bronze_and_its_password_stays_out_of_the_lake(server: str, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "lake")
    source = f"{server}&table=big"
    result = ingest(source, warehouse=warehouse, agent=make_agent("scripted", "ingest"), now=datetime.now)
    assert (result.rows, result.table, result.new) == (200_000, "big", True)
    assert warehouse.bronze_batch(result.ref, result.content_hash).collect_schema()["id"] == pl.Int64
    kept = [p.read_bytes() for p in (tmp_path / "lake").rglob("*") if p.is_file()]
    assert not any(b"geheim" in content for content in kept)
    assert not ingest(source, warehouse=warehouse, agent=make_agent("scripted", "ingest"), now=datetime.now).new
