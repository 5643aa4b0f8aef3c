"""Engines: the one room where Polars, pandas and DuckDB are told apart.

An operation is a narwhals expression. What narwhals can't say alike on every engine (capture groups, big mappings,
Unicode case) stands here once, with one result: pandas goes through Arrow to Polars' kernels, DuckDB gets its own SQL.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import narwhals as nw
import polars as pl

from oreflow.errors import RecipeError, UnknownName
from oreflow.tables import ENGINES, MARKS, MERGED_INTO, QUARANTINE, ROW_ID, Engine, Frame

if TYPE_CHECKING:
    import pandas as pd

Unseen = Literal["keep", "null", "fail"]
_HASH = "__oreflow_hash"


def to_engine(frame: pl.DataFrame | pl.LazyFrame, engine: Engine) -> Frame:
    """The same table on another engine: Polars lazy, pandas with Arrow types, or a DuckDB relation."""
    if engine == "polars":
        return nw.from_native(frame.lazy())
    if engine == "pandas":
        return _narwhal(_to_pandas(frame.lazy().collect()))
    if engine == "duckdb":
        import duckdb

        _apart_without_case(frame.collect_schema().names())
        return _narwhal(duckdb.connect().from_arrow(frame.lazy().collect().to_arrow()))
    raise UnknownName("engine", engine, ENGINES)


def open_parquet(path: Path | str, engine: Engine) -> Frame:
    """A Parquet file on an engine; read lazily where the engine can."""
    if engine != "duckdb":
        return to_engine(pl.scan_parquet(path), engine)
    import duckdb

    _apart_without_case(pl.scan_parquet(path).collect_schema().names())
    return _narwhal(duckdb.connect().read_parquet(str(path)))


def from_engine(frame: Frame) -> pl.DataFrame:
    """The table in Polars with canonical types (Int64, Float64, Datetime in µs), in `_row_id` order."""
    table = as_polars(frame).lazy().collect()
    table = table.with_columns(_canonical(name, dtype) for name, dtype in table.schema.items())
    return table.sort(ROW_ID) if ROW_ID in table.columns else table


def engine_of(frame: Frame) -> Engine:
    """Which engine holds this frame."""
    found = frame.implementation
    if found.is_polars():
        return "polars"
    if found.is_pandas():
        return "pandas"
    if found.is_duckdb():
        return "duckdb"
    raise UnknownName("engine", str(found), ENGINES)


def as_polars(frame: Frame) -> pl.DataFrame | pl.LazyFrame:
    """The frame's cells in Polars, lazy where they already were."""
    native: Any = nw.to_native(frame)
    if isinstance(native, pl.DataFrame | pl.LazyFrame):
        return native
    if engine_of(frame) == "duckdb":
        table: pl.DataFrame = native.pl()
        return table
    return _from_pandas(native)


def columns_of(frame: Frame) -> list[str]:
    """The column names, without collecting a lazy frame."""
    return frame.collect_schema().names()


def with_native(frame: Frame, *, polars: Mapping[str, pl.Expr], duckdb: Mapping[str, str]) -> Frame:
    """Add or replace columns, each given as a Polars expression and as the SQL that means the same."""
    native: Any = nw.to_native(frame)
    if engine_of(frame) == "polars":
        return _narwhal(native.with_columns(**polars))
    if engine_of(frame) == "pandas":
        return _narwhal(_pandas_columns(native, polars))
    new = [f"{sql} AS {sql_name(name)}" for name, sql in duckdb.items() if name not in native.columns]
    inplace = {name: f"{duckdb[name]} AS {sql_name(name)}" for name in native.columns if name in duckdb}
    order = [inplace.get(name, sql_name(name)) for name in native.columns]
    return _narwhal(native.project(", ".join([*order, *new])))


def with_mark_columns(frame: Frame) -> Frame:
    """Add the mark columns that are missing, empty."""
    missing = [mark for mark in MARKS if mark not in columns_of(frame)]
    kinds = {QUARANTINE: (pl.String(), "VARCHAR"), MERGED_INTO: (pl.Int64(), "BIGINT")}
    polars = {mark: pl.lit(None, kinds[mark][0]) for mark in missing}
    return with_native(frame, polars=polars, duckdb={mark: f"CAST(NULL AS {kinds[mark][1]})" for mark in missing})


def sql_name(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def sql_text(text: str) -> str:
    """A quoted string."""
    return "'" + text.replace("'", "''") + "'"


def extract_groups(frame: Frame, column: str, pattern: str, *, names: Sequence[str]) -> Frame:
    """Add one text column per capture group of `pattern`; null where it doesn't match the whole cell.

    `pattern` keeps to what Rust's regex and RE2 share, and names no group itself.
    """
    groups = pl.col(column).str.extract_groups(pattern)
    polars = {name: groups.struct[i] for i, name in enumerate(names)}
    cell, text = sql_name(column), sql_text(pattern)
    fits = f"regexp_matches({cell}, {text})"
    sql = {name: f"CASE WHEN {fits} THEN regexp_extract({cell}, {text}, {i + 1}) END" for i, name in enumerate(names)}
    return with_native(frame, polars=polars, duckdb=sql)


def from_iso(frame: Frame, column: str, *, kind: Literal["date", "timestamp"]) -> Frame:
    """Read text that is ISO of fixed width, `2024-01-31` or `2024-01-31 10:11:12.000000`, as dates or timestamps."""
    text = pl.col(column).str
    layout = "%Y-%m-%d %H:%M:%S%.6f"
    parsed = text.to_date("%Y-%m-%d") if kind == "date" else text.to_datetime(layout, time_unit="us")
    sql = f"CAST({sql_name(column)} AS {kind.upper()})"
    return with_native(frame, polars={column: parsed}, duckdb={column: sql})


def map_values(
    frame: Frame, column: str, mapping: Mapping[str, str | None], *, by: str | None = None, unseen: Unseen = "keep"
) -> Frame:
    """Replace each cell of the text column `column` by what `mapping` says of it (or of the text column `by`).

    A hash look-up on every engine, so that thousands of entries cost no more than ten. Cells that `mapping` lacks stay
    or become null; with "fail" the engine raises when it meets one.
    """
    if not mapping:
        return frame
    source = by or column
    old, new = pl.Series(list(mapping), dtype=pl.String), pl.Series(list(mapping.values()), dtype=pl.String)
    if engine_of(frame) == "duckdb":
        return _map_by_join(frame, column, mapping, by=source, unseen=unseen)
    others: dict[Unseen, dict[str, Any]] = {"keep": {"default": pl.col(column)}, "null": {"default": None}, "fail": {}}
    mapped = pl.col(source).replace_strict(old, new, return_dtype=pl.String, **others[unseen])
    return with_native(frame, polars={column: mapped}, duckdb={})


def only_repeated(frame: Frame, keys: Sequence[str]) -> Frame:
    """The rows that may share their keys with another; on Polars a hash thins them out before they are compared."""
    if engine_of(frame) != "polars":
        return frame
    native: pl.LazyFrame = nw.to_native(frame).lazy()
    hashed = native.with_columns(pl.struct(keys).hash().alias(_HASH))
    repeated = hashed.group_by(_HASH).len().filter(pl.col("len") > 1).select(_HASH)
    few = hashed.join(repeated, on=_HASH, how="semi").drop(_HASH)
    return _narwhal(few.collect() if isinstance(frame, nw.DataFrame) else few)


def look_up(frame: Frame, table: Frame, *, on: str) -> Frame:
    """Add the columns of `table`, whose `on` is unique, to the rows of `frame`, which keep number and order.

    DuckDB keeps no order in a join: its rows are put in order by `_row_id` when they leave it.
    """
    if engine_of(frame) == "polars":
        left, right = nw.to_native(frame), cast(Any, nw.to_native(table))
        return _narwhal(left.join(right, on=on, how="left", maintain_order="left"))
    joined: Frame = cast(Any, frame).join(table, on=on, how="left")
    return joined


def _apart_without_case(names: Sequence[str]) -> None:
    once: dict[str, str] = {}
    for name in names:
        if name.lower() in once:
            raise RecipeError(
                f'DuckDB takes the columns "{once[name.lower()]}" and "{name}" for one; '
                "rename one of them or use the engine polars."
            )
        once[name.lower()] = name


def _narwhal(native: Any) -> Frame:
    frame: Frame = nw.from_native(native)
    return frame


def _to_pandas(table: pl.DataFrame) -> "pd.DataFrame":
    import pandas as pd

    frame: pd.DataFrame = table.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _from_pandas(native: "pd.DataFrame") -> pl.DataFrame:
    import pyarrow as pa

    table: pl.DataFrame = pl.from_arrow(pa.Table.from_pandas(native, preserve_index=False))  # type: ignore[assignment]
    return table


def _pandas_columns(native: "pd.DataFrame", columns: Mapping[str, pl.Expr]) -> "pd.DataFrame":
    needed = sorted({name for expression in columns.values() for name in expression.meta.root_names()})
    table = _from_pandas(native[needed or list(native.columns[:1])])  # a literal needs a column to be as long as
    done = _to_pandas(table.with_columns(**columns).select(list(columns)))
    return native.assign(**{name: done[name].set_axis(native.index) for name in columns})


def _map_by_join(frame: Frame, column: str, mapping: Mapping[str, str | None], *, by: str, unseen: Unseen) -> Frame:
    native: Any = nw.to_native(frame)
    cell = f"t.{sql_name(column)}"
    problem = f"error('the mapping lacks ' || {cell})"
    other = {"keep": cell, "null": "CAST(NULL AS VARCHAR)", "fail": f"CASE WHEN {cell} IS NOT NULL THEN {problem} END"}
    found = f"CASE WHEN m._from IS NULL THEN {other[unseen]} ELSE m._to END AS {sql_name(column)}"
    picked = ", ".join(found if name == column else f"t.{sql_name(name)}" for name in native.columns)
    pairs = ", ".join(
        f"({sql_text(old)}, {'CAST(NULL AS VARCHAR)' if new is None else sql_text(new)})"
        for old, new in mapping.items()
    )
    query = f"SELECT {picked} FROM t LEFT JOIN (VALUES {pairs}) m(_from, _to) ON t.{sql_name(by)} = m._from"
    return _narwhal(native.query("t", query))


def _canonical(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_integer():
        return pl.col(name).cast(pl.Int64)
    if dtype.is_float() or dtype.is_decimal():
        return pl.col(name).cast(pl.Float64)
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).cast(pl.Datetime("us", dtype.time_zone))
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.col(name).cast(pl.String)
    return pl.col(name)
