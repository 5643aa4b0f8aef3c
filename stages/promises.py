"""Promises: a drafted contract is held to the whole table, and text is stored as the type that was promised."""

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from oreflow.contract import Contract
from oreflow.errors import ContractError
from oreflow.structure import EMPTY_AS
from oreflow.tables import data_columns


def require_columns(contract: Contract, names: Collection[str], path: Path) -> None:
    """Raise `ContractError` if a source lacks columns that the table's contract names, with the likeliest new names."""
    missing = [c.name for c in contract.columns if c.name not in names]
    if not missing:
        return
    fresh = sorted(set(data_columns(list(names))) - {c.name for c in contract.columns})
    near = {name: get_close_matches(name, fresh, n=1, cutoff=0.6) for name in missing}
    said = ", ".join(f'"{name}"' + (f' (renamed to "{near[name][0]}"?)' if near[name] else "") for name in missing[:12])
    raise ContractError(
        f"this source lacks columns that the contract of {contract.domain}/{contract.table} names: {said}. Edit "
        f"{path}, or refine the source as a table of its own with --table."
    )


def hold_to_all_rows(contract: Contract, table: pl.LazyFrame) -> Contract:
    """A contract drafted on a sample, without the claims of "never empty" and "unique" that the whole table breaks."""
    names = [c.name for c in contract.columns if c.required]
    keyed = [name for name in contract.key if len(contract.key) == 1]
    facts = table.select(
        pl.len().alias("rows"),
        *(pl.col(n).null_count().alias(f"nulls {n}") for n in names),
        *(pl.col(n).n_unique().alias(f"kinds {n}") for n in keyed),
    )
    found = facts.collect(engine="streaming").row(0, named=True)
    emptied = {n for n in names if found[f"nulls {n}"]}
    if any(found[f"kinds {n}"] < found["rows"] for n in keyed):
        contract = contract.model_copy(update={"key": ()})
    columns = tuple(c.model_copy(update={"required": False}) if c.name in emptied else c for c in contract.columns)
    kept = tuple(r for r in contract.rules if not (r.kind == "not_null" and r.column in emptied))
    unique = set(contract.key)
    columns = tuple(c.model_copy(update={"unique": c.unique and (c.name in unique or not keyed)}) for c in columns)
    return contract.model_copy(update={"columns": columns, "rules": kept})


def typed_as_promised(marked: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Columns whose every cell reads as the contract's type, or that are empty, are stored as that type.

    An agent can't tell the type of a column without values, and may leave one as text that loses nothing by the type.
    """
    schema = marked.collect_schema()
    read = {}
    for column in contract.columns:
        stored, dtype = schema.get(column.name), EMPTY_AS[column.type]
        if stored == pl.String and column.type != "string":
            read[column.name] = _read_as(pl.col(column.name).str.strip_chars(), dtype)
        elif stored is not None and stored.is_float() and column.type == "integer":
            whole = pl.col(column.name) == pl.col(column.name).round(0)
            read[column.name] = pl.when(whole).then(pl.col(column.name)).cast(pl.Int64, strict=False)
    if not read:
        return marked
    lost = marked.select((cell.is_null() & pl.col(name).is_not_null()).sum().alias(name) for name, cell in read.items())
    losses = lost.collect(engine="streaming").row(0, named=True)
    return marked.with_columns(cell.alias(name) for name, cell in read.items() if not losses[name])


def _read_as(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Plain text as the type: numbers with a point, ISO dates and times, true and false; null where it is none."""
    if dtype == pl.Int64:
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number == number.round(0)).then(number).cast(pl.Int64, strict=False)
    if dtype == pl.Boolean:
        return (
            pl.when(text.str.to_lowercase() == "true").then(True).when(text.str.to_lowercase() == "false").then(False)
        )
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Datetime:
        return text.str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    return text.cast(dtype, strict=False)
