"""Bronze: every row as read, the raw bytes beside it, one version per content, and nothing where reading failed."""

import hashlib
import os
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from oreflow.agent import make_agent
from oreflow.episode import Turn
from oreflow.errors import OreflowError, SourceError
from oreflow.tables import CONTENT_HASH, INGESTED_AT, ROW_ID, SOURCE
from stages.bronze import BronzeResult, guess_domain, ingest, table_name
from warehouse import Warehouse


def now() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


def store(source: object, lake: Path, domain: str | None = None, table: str | None = None) -> BronzeResult:
    agent = make_agent("scripted", "ingest")
    return ingest(
        str(source), warehouse=Warehouse(lake), agent=agent, domain=domain, table=table, now=now, max_steps=20
    )


def stored(result: BronzeResult, lake: Path) -> pl.DataFrame:
    return Warehouse(lake).bronze_batch(result.ref, result.content_hash).collect().sort(ROW_ID)


def contents(lake: Path) -> Mapping[str, bytes]:
    """Every table file of the lake; episodes and the ledger may grow when reading fails, layers may not."""
    kept = ("bronze", "silver", "gold", "raw")
    paths = [p for p in lake.rglob("*") if p.is_file() and p.relative_to(lake).parts[0] in kept]
    return {str(p.relative_to(lake)): p.read_bytes() for p in paths}


def test_every_row_is_stored_as_read_with_its_system_columns(tmp_path: Path) -> None:
    source = tmp_path / "My Café-Sales.csv"
    source.write_text("id;price\n007; 1,50\nNA;\nid;price\n")
    result = store(source, tmp_path / "lake")
    frame = stored(result, tmp_path / "lake")
    assert frame.select("id", "price").rows() == [("007", " 1,50"), ("NA", None), ("id", "price")]
    assert frame.get_column(ROW_ID).to_list() == [0, 1, 2]
    assert frame.get_column(SOURCE).unique().to_list() == [str(source)]
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert frame.get_column(CONTENT_HASH).unique().to_list() == [digest] == [result.content_hash]
    assert frame.get_column(INGESTED_AT).null_count() == 0
    assert (result.table, result.rows, result.new, result.ref.domain) == ("my_café_sales", 3, True, "general")
    assert (result.recipe.delimiter, result.recipe.decimal, result.recipe.sha256) == (";", ",", digest)


def test_the_raw_bytes_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_bytes("näme\nMüller\n".encode("cp1252"))
    store(source, tmp_path / "lake")
    assert source.read_bytes() in contents(tmp_path / "lake").values()


def test_the_same_content_again_adds_no_version_and_asks_no_agent(tmp_path: Path) -> None:
    source, lake = tmp_path / "t.csv", tmp_path / "lake"
    source.write_text("a,b\n1,2\n")
    first = store(source, lake)
    before = contents(lake)
    turns: list[Turn] = []
    again = ingest(
        str(source), warehouse=Warehouse(lake), agent=make_agent("scripted", "ingest"), now=now, on_turn=turns.append
    )
    assert (again.new, again.episode, turns) == (False, None, [])
    assert (again.ref, again.recipe, again.rows) == (first.ref, first.recipe, 1)
    assert contents(lake) == before


def test_new_content_is_appended_and_its_rows_numbered_on(tmp_path: Path) -> None:
    source, lake = tmp_path / "t.csv", tmp_path / "lake"
    source.write_text("a,b\n1,2\n3,4\n")
    first = store(source, lake)
    source.write_text("a,b\n5,6\n")
    second = store(source, lake)
    assert second.ref.version > first.ref.version
    assert stored(second, lake).select(ROW_ID, "a").rows() == [(2, "5")]
    assert stored(first, lake).select(ROW_ID, "a").rows() == [(0, "1"), (1, "3")]


def test_only_a_header_is_a_table_without_rows(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("name,age\n")
    result = store(source, tmp_path / "lake")
    assert result.rows == 0
    assert [c for c in stored(result, tmp_path / "lake").columns if not c.startswith("_")] == ["name", "age"]


def test_a_database_table_is_stored_once_per_content(tmp_path: Path) -> None:
    base, lake = tmp_path / "shop.db", tmp_path / "lake"
    with sqlite3.connect(base) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, item TEXT)")
        connection.execute("INSERT INTO orders VALUES (1, 'pen')")
    source = f"sqlite:///{base}?table=orders"
    first = store(source, lake)
    assert (first.table, first.rows, first.source) == ("orders", 1, source)
    with sqlite3.connect(base) as connection:
        connection.execute("CREATE TABLE elsewhere (a)")
    assert store(source, lake).new is False
    with sqlite3.connect(base) as connection:
        connection.execute("INSERT INTO orders VALUES (2, 'ink')")
    connection.close()
    second = store(source, lake)
    assert (second.new, second.rows) == (True, 2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b'a,b\n1,"x\n2,y\n', "opened in line 2 is never closed"),
        ("t.csv", b"", "is empty"),
        ("t.csv", bytes(range(256)) * 10, "is binary"),
        ("t.json", b'[{"a": 1}, {"a"', "no complete JSON"),
        ("t.parquet", b"PAR1abc", "cut off"),
    ],
)
def test_a_source_that_fails_leaves_every_layer_as_it_was(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    lake = tmp_path / "lake"
    (tmp_path / "good.csv").write_text("a,b\n1,2\n")
    store(tmp_path / "good.csv", lake, table="t")
    before = contents(lake)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        store(tmp_path / name, lake, table="t")
    assert contents(lake) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("a\n1\n")
    source.chmod(0)
    with pytest.raises(OreflowError, match=r"can't be opened.*chmod"):
        store(source, tmp_path / "lake")


def test_a_named_domain_and_table_are_taken(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("a,b\n1,2\n")
    result = store(source, tmp_path / "lake", domain="hr", table="people")
    assert str(result.ref).startswith("bronze/hr/people@")


def test_table_names_are_words_in_snake_case() -> None:
    given = ["Dirty Cafe-Sales", "employeeRaw", "3901", "größe", "__x__", "!!!", "a" * 300]
    expected = ["dirty_cafe_sales", "employee_raw", "table_3901", "größe", "x", "table", "a" * 100]
    assert [table_name(stem) for stem in given] == expected


def test_the_domain_is_guessed_from_the_columns_words_and_never_from_one() -> None:
    assert guess_domain(["EmpID", "EmployeeStatus", "Salary", "HireDate"]) == "hr"
    assert guess_domain(["ticket_id", "incident_state", "sla_met", "severity"]) == "it_ops"
    assert guess_domain(["quantity", "x", "y"]) == "general"
    assert guess_domain(["index", "beer", "ounces"]) == "general"


@pytest.mark.slow
def test_three_million_rows_are_stored_without_python_objects(tmp_path: Path) -> None:
    source = tmp_path / "big.csv"
    block = "".join(f'{i},Item {i % 97},"x, y",{i * 1.5:.2f}\n' for i in range(100_000))
    with source.open("w") as file:
        file.write("id,item,note,price\n")
        file.writelines([block] * 30)
    assert store(source, tmp_path / "lake").rows == 3_000_000
