"""SQL: parse a query without running it, and run one under limits.

The rule: one SELECT, over the tables that are handed in, with no file, network or setting in reach and a time limit.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from oreflow.errors import SourceError

SECONDS = 60.0
ROWS = 1000
Tables = Mapping[str, "pl.LazyFrame | Sequence[Path]"]


def run_query(sql: str, tables: Tables, *, rows: int | None = ROWS, seconds: float = SECONDS) -> pl.DataFrame:
    """The first `rows` rows (None: all) of one SELECT over `tables` (lazy frames, or the Parquet files of a table).

    Raises `SourceError` that names the fault: no single SELECT, unknown column, too slow.
    """
    select_tree(sql)
    with duckdb.connect(":memory:") as connection:
        _load(connection, tables)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        limit = "" if rows is None else f" LIMIT {int(rows)}"
        return _limited(connection, f"SELECT * FROM (\n{sql.strip().rstrip(';')}\n){limit}", seconds)


def _load(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    files = [str(path) for table in tables.values() if not isinstance(table, pl.LazyFrame) for path in table]
    if files:
        connection.execute("SET allowed_paths = $1", [files])
    for name, table in tables.items():
        if isinstance(table, pl.LazyFrame):
            connection.register(name, table)
        else:
            listed = ", ".join(literal(str(path)) for path in table)
            connection.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM read_parquet([{listed}])")


def _limited(connection: duckdb.DuckDBPyConnection, sql: str, seconds: float) -> pl.DataFrame:
    alarm = threading.Timer(seconds, connection.interrupt)
    alarm.start()
    try:
        return pl.DataFrame(connection.sql(sql).pl())
    except duckdb.InterruptException as error:
        raise SourceError(f"the query took more than {seconds:g} s; narrow it or aggregate first.") from error
    except duckdb.Error as error:
        raise SourceError(f"the query can't run: {_first_line(error)}") from error
    finally:
        alarm.cancel()


def _first_line(error: duckdb.Error) -> str:
    lines = [line.strip() for line in re.split(r"LINE \d|Candidate functions", str(error))[0].splitlines()]
    return " ".join(line for line in lines if line)[:300]


@lru_cache(maxsize=512)
def _serialized(sql: str) -> str:
    with duckdb.connect(":memory:") as connection:
        row = connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()[0]
    return str(row[0])


def select_tree(sql: str) -> dict[str, Any]:
    """The parsed form of one SELECT; raises `SourceError` for anything else."""
    parsed = json.loads(_serialized(sql))
    if parsed["error"]:
        raise SourceError(f"this is no SELECT query: {parsed['error_message']}.")
    if len(parsed["statements"]) != 1:
        raise SourceError("one query at a time: write a single SELECT.")
    tree: dict[str, Any] = parsed["statements"][0]["node"]
    return tree


def expression_tree(expression: str) -> dict[str, Any]:
    """The parsed form of one expression over a row or a group; raises `SourceError` where it is more than that."""
    try:
        tree, bare = select_tree(f"SELECT {expression}\nFROM gold"), select_tree("SELECT 1\nFROM gold")
    except SourceError as error:
        raise SourceError(f'"{expression}" is no single SQL expression.') from error
    listed = tree.get("select_list", [])
    if len(listed) != 1 or listed[0]["alias"] or _shape(tree) != _shape(bare):
        raise SourceError(f'"{expression}" is more than one expression; write only what stands after SELECT.')
    found: dict[str, Any] = listed[0]
    return found


def _shape(tree: dict[str, Any]) -> str:
    clauses = {name: part for name, part in tree.items() if name != "select_list"}
    clauses["from_table"] = {k: v for k, v in (clauses.get("from_table") or {}).items() if "location" not in k}
    return json.dumps(clauses, sort_keys=True)


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a parsed query, outermost first."""
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from nodes(part)


def column_names(tree: Any) -> list[str]:
    """The columns that a parsed query or expression names, in order, each once."""
    named = [str(node["column_names"][-1]) for node in nodes(tree) if node.get("class") == "COLUMN_REF"]
    return list(dict.fromkeys(named))


def identifier(name: str) -> str:
    """The name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"
