"""SQLite: read only, in blocks; a column's type is what its cells are, not what its declaration says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from oreflow.errors import SourceError
from oreflow.locating import Location

_ROWS = 50_000
_EXACT = 2**53  # the largest whole number up to which a float holds every one


def tables(path: Path) -> tuple[str, ...]:
    """The file's tables and views."""
    with _connection(path) as connection:
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
    return tuple(str(name) for (name,) in found)


def copy_out(location: Location, target: Path) -> tuple[list[str], list[str], int]:
    """Write the rows to `target`; the columns' names and types, and the number of rows by the database's own count."""
    path = Path(location.path or "")
    query = location.query.rstrip("; \n") if location.query else f"SELECT * FROM {_quoted(location.table or '')}"
    with _connection(path) as connection:
        names = _names(connection, query)
        inner = f"(WITH q({', '.join(f'c{i}' for i in range(len(names)))}) AS ({query}) SELECT * FROM q)"
        types = [_type(connection, inner, f"c{i}") for i in range(len(names))]
        cells = ", ".join(_cell(f"c{i}", kind) for i, kind in enumerate(types))
        (rows,) = connection.execute(f"SELECT count(*) FROM {inner}").fetchone()
        _write(connection.execute(f"SELECT {cells} FROM {inner}"), types, target)
    return names, types, int(rows)


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise SourceError(f"{path}: SQLite says: {error}; mend the query or check the file.") from error


def _names(connection: sqlite3.Connection, query: str) -> list[str]:
    described = connection.execute(query).description  # as a subquery it would rename columns of one name
    if described is None:
        raise SourceError(f'"{query}" gives no rows; a source is a SELECT.')
    return [str(column[0]) for column in described]


def _type(connection: sqlite3.Connection, inner: str, cell: str) -> str:
    kinds, largest = connection.execute(
        f"SELECT group_concat(DISTINCT typeof({cell})), max(abs(CASE WHEN typeof({cell}) = 'integer' "
        f"AND {cell} > -9223372036854775807 THEN {cell} END)) FROM {inner}"
    ).fetchone()
    held = set((kinds or "").split(",")) - {"null", ""}
    if held == {"integer"}:
        return "integer"
    if held in ({"real"}, {"integer", "real"}) and (largest or 0) <= _EXACT:
        return "number"
    return "text"


def _cell(name: str, kind: str) -> str:
    if kind == "text":
        return f"CASE typeof({name}) WHEN 'blob' THEN hex({name}) WHEN 'real' THEN {name} ELSE CAST({name} AS TEXT) END"
    return name


def _write(rows: sqlite3.Cursor, types: list[str], target: Path) -> None:
    kinds = {"integer": pl.Int64, "number": pl.Float64, "text": pl.String}
    schema = {f"c{i}": kinds[kind] for i, kind in enumerate(types)}
    with target.open("wb") as file:
        while block := rows.fetchmany(_ROWS):
            columns = [
                _texts(column) if types[i] == "text" else column for i, column in enumerate(zip(*block, strict=True))
            ]
            frame = pl.DataFrame(
                [pl.Series(n, c, dtype=schema[n], strict=False) for n, c in zip(schema, columns, strict=True)]
            )
            frame.write_csv(file, include_header=False, quote_style="non_numeric")


def _texts(column: tuple[object, ...]) -> list[str | None]:
    return [cell if cell is None or isinstance(cell, str) else repr(cell) for cell in column]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
