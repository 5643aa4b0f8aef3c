"""DQ: one number for a table's health, 0.40 completeness + 0.35 consistency + 0.25 uniqueness.

The weights are DataSage's, whose score saw only nulls, unreadable numbers and repeated keys. Here it is read against
the contract, so that optional columns may be empty and raw text is measured on the same scale as a typed table.
An empty table scores 1.0: nothing in it is wrong. That it is empty is for the `row_count` rule to say.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import polars as pl

from oreflow.contract import Column, Contract
from oreflow.measures.fits import Family, family, fits
from oreflow.measures.tokens import ALWAYS, ERROR_WORDS

WEIGHTS = {"completeness": 0.40, "consistency": 0.35, "uniqueness": 0.25}
NO_VALUE = ALWAYS | ERROR_WORDS | {"", "na", "?", "??", "???", "-", "--", "---", ".", ".."}

Families = Mapping[str, Family]
Accepted = Mapping[str, Collection[Any]]
NOTHING: Accepted = MappingProxyType({})


def dq_score(
    frame: pl.DataFrame | pl.LazyFrame,
    columns: Sequence[Column],
    *,
    key: Sequence[str] = (),
    accepted: Accepted = NOTHING,
) -> dict[str, float]:
    """The score and its parts, each 0 to 1, in one pass.

    A column that the frame lacks counts as empty. In text columns a word such as `N/A` counts as missing, unless
    `accepted` (column → allowed values) holds it; in columns of another type it counts against consistency.
    """
    lazy = frame.lazy()
    families = {name: family(dtype) for name, dtype in lazy.collect_schema().items()}
    parts = dq_parts(columns, families, key=key, accepted=accepted)
    found = lazy.select(**parts).collect(engine="streaming").row(0, named=True)
    return dq_from(found, columns)


def contract_score(frame: pl.DataFrame | pl.LazyFrame, contract: Contract) -> dict[str, float]:
    """The score of a table against its contract."""
    return dq_score(frame, contract.columns, key=contract.key, accepted=accepted_values(contract))


def accepted_values(contract: Contract) -> dict[str, frozenset[str]]:
    """Column → the values that the contract's `in_set` rules allow there, in lower case."""
    rules = [r for r in contract.rules if r.kind == "in_set" and r.column]
    return {str(r.column): frozenset(str(v).lower() for v in r.arguments.get("values", ())) for r in rules}


def dq_parts(
    columns: Sequence[Column], families: Families, *, key: Sequence[str] = (), accepted: Accepted = NOTHING
) -> dict[str, pl.Expr]:
    """The counts the score needs, as named aggregates, so that a gate can take them along in its own single pass."""
    parts = {"dq_rows": pl.len(), **_duplicates(columns, families, key)}
    for at, column in enumerate(columns):
        if column.name not in families:
            continue
        stored = families[column.name]
        if not column.optional:
            gone = missing(column, stored, accepted=accepted.get(column.name, ()))
            parts[f"dq_missing_{at}"] = gone.sum()
        if column.type != "string":
            full = ~blank(column.name, stored)
            parts[f"dq_full_{at}"] = full.sum()
            parts[f"dq_fit_{at}"] = (full & fits(column.name, column.type, stored)).sum()
    return parts


def dq_from(found: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, float]:
    """The score from the values of `dq_parts`."""
    rows = int(found["dq_rows"])
    counted = [at for at, c in enumerate(columns) if not c.optional]
    empty = sum(int(found.get(f"dq_missing_{at}", rows) or 0) for at in counted)
    typed = [at for at, c in enumerate(columns) if found.get(f"dq_full_{at}")]
    shares = [int(found[f"dq_fit_{at}"] or 0) / int(found[f"dq_full_{at}"]) for at in typed]
    parts = {
        "completeness": 1 - empty / (rows * len(counted)) if rows and counted else 1.0,
        "consistency": sum(shares) / len(shares) if shares else 1.0,
        "uniqueness": 1 - int(found.get("dq_duplicates") or 0) / rows if rows else 1.0,
    }
    return parts | {"score": sum(WEIGHTS[name] * part for name, part in parts.items())}


def blank(name: str, stored: Family) -> pl.Expr:
    """Null, or text of nothing but white space."""
    cell = pl.col(name)
    if stored != "text":
        return cell.is_null()
    return cell.is_null() | (cell.cast(pl.String).str.strip_chars(" \t\r\n") == "").fill_null(False)


def missing(column: Column, stored: Family, *, accepted: Collection[Any] = ()) -> pl.Expr:
    """Blank, or in a text column a word that says that there is no value."""
    if stored != "text" or column.type != "string":
        return blank(column.name, stored)
    words = sorted(NO_VALUE - {str(v).lower() for v in accepted})
    return blank(column.name, stored) | (
        pl.col(column.name).cast(pl.String).str.strip_chars(" \t\r\n").str.to_lowercase().is_in(words).fill_null(False)
    )


def _duplicates(columns: Sequence[Column], families: Families, key: Sequence[str]) -> dict[str, pl.Expr]:
    """Rows beyond the first of each key; a row without one, or of nothing at all, is completeness's business."""
    names = [n for n in key if n in families]
    if key and len(names) < len(key):
        return {}  # the key itself is missing: completeness already pays for it
    if len(names) == 1:
        cell = pl.col(names[0]).drop_nulls()
        return {"dq_duplicates": cell.len() - cell.n_unique()}
    if names:
        full = pl.struct(names).filter(~pl.any_horizontal(pl.col(n).is_null() for n in names))
        return {"dq_duplicates": full.len() - full.n_unique()}
    whole = [c.name for c in columns if c.name in families]
    if not whole:
        return {}
    # 64-bit hashes of whole rows: at 50 million rows the chance of one false duplicate is below 1 in 10,000.
    rows = pl.struct(whole).filter(pl.any_horizontal(pl.col(n).is_not_null() for n in whole)).hash(seed=11)
    return {"dq_duplicates": rows.len() - rows.n_unique()}
