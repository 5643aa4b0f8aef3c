"""Corruption: damage with a receipt, `(table, rng) → (table, damages)`.

A corruption is pure: it draws from the `rng` it is given, leaves its input alone, never touches a null cell or a system
column, and writes one receipt line per damaged cell. The receipt alone restores the table: `restore` is the law.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl

from oreflow import plugins
from oreflow.errors import UnknownName
from oreflow.tables import ROW_ID, as_text, data_columns, with_row_ids

DAMAGES = pl.Schema({ROW_ID: pl.Int64(), "column": pl.String(), "kind": pl.String(), "truth": pl.String()})
DUPLICATE = "duplicate"

Damaged: TypeAlias = tuple[pl.DataFrame, pl.DataFrame]
Spoil: TypeAlias = Callable[[pl.Series, np.random.Generator], pl.Series]
Strike: TypeAlias = Callable[[pl.DataFrame, np.random.Generator, Sequence[str], float], Damaged]


class Damage(NamedTuple):
    """One line of a receipt. A duplicate row has no column, and its original's row id as the truth."""

    row_id: int
    column: str
    kind: str
    truth: str | None


@dataclass(frozen=True)
class Corruption:
    """One kind of damage; `rate` (0–1) is the share of the cells, or of the rows, that it hits."""

    kind: str
    claim: str
    strike: Strike

    def __call__(
        self, table: pl.DataFrame, rng: np.random.Generator, *, columns: Sequence[str], rate: float
    ) -> Damaged:
        """The damaged copy and its receipt (schema `DAMAGES`); the table needs `_row_id` and text columns."""
        for column in columns:
            if column not in table.columns:
                raise UnknownName("column", column, data_columns(table.columns))
        return self.strike(table, rng, columns, rate)


@dataclass(frozen=True)
class Blow:
    """One corruption with where and how often it strikes."""

    corruption: Corruption
    columns: tuple[str, ...]
    rate: float


def cell_corruption(spoil: Spoil) -> Corruption:
    """Tag a function that turns chosen cells (no nulls among them) into damaged ones as a corruption."""

    def strike(table: pl.DataFrame, rng: np.random.Generator, columns: Sequence[str], rate: float) -> Damaged:
        receipts = []
        for column in columns:
            table, receipt = _strike_cells(table, rng, column, rate, spoil)
            receipts.append(receipt)
        return table, join(receipts)

    return Corruption(kind=spoil.__name__, claim=(spoil.__doc__ or "").strip(), strike=strike)


def row_corruption(strike: Strike) -> Corruption:
    """Tag a function that adds damaged rows as a corruption."""
    return Corruption(kind=strike.__name__, claim=(strike.__doc__ or "").strip(), strike=strike)


def _strike_cells(table: pl.DataFrame, rng: np.random.Generator, column: str, rate: float, spoil: Spoil) -> Damaged:
    cells = table.get_column(column)
    hit = np.flatnonzero((rng.random(table.height) < rate) & cells.is_not_null().to_numpy())
    if hit.size == 0:
        return table, no_damages()
    before = cells.gather(hit)
    after = spoil(before, rng)
    changed = before.ne_missing(after)
    receipt = pl.DataFrame({ROW_ID: table.get_column(ROW_ID).gather(hit), "column": column, "truth": before})
    receipt = receipt.with_columns(kind=pl.lit(spoil.__name__)).filter(changed).select(DAMAGES.names())
    return table.with_columns(cells.scatter(hit, after).alias(column)), receipt.cast(DAMAGES)


def no_damages() -> pl.DataFrame:
    """An empty receipt."""
    return pl.DataFrame(schema=DAMAGES)


def join(receipts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Several receipts as one: a cell that was hit twice keeps its first truth and both kinds."""
    if not receipts:
        return no_damages()
    return (
        pl.concat(receipts)
        .group_by(ROW_ID, "column", maintain_order=True)
        .agg(pl.col("kind").unique(maintain_order=True).str.join("+"), pl.col("truth").first())
        .select(DAMAGES.names())
    )


def records(receipt: pl.DataFrame) -> Iterator[Damage]:
    """The receipt's lines, one by one."""
    return (Damage(*line) for line in receipt.select(DAMAGES.names()).iter_rows())


def text_form(table: pl.DataFrame) -> pl.DataFrame:
    """Every data column as text, as a file would hold it."""
    return with_row_ids(table).with_columns(as_text(table.get_column(c)) for c in data_columns(table.columns))


def spoil_table(table: pl.DataFrame, rng: np.random.Generator, *, blows: Sequence[Blow]) -> Damaged:
    """The text form of the table after all blows, with the receipt of what they did, `_row_id` kept."""
    clean = text_form(table)
    spoiled, receipts = clean, []
    for blow in blows:
        spoiled, receipt = blow.corruption(spoiled, rng, columns=blow.columns, rate=blow.rate)
        receipts.append(receipt)
    return spoiled, _without_undone(join(receipts), spoiled)


def restore(spoiled: pl.DataFrame, receipt: pl.DataFrame) -> pl.DataFrame:
    """The table as it was before the damage."""
    extra = receipt.filter(pl.col("kind").str.contains(DUPLICATE, literal=True)).get_column(ROW_ID)
    table = spoiled.filter(~pl.col(ROW_ID).is_in(extra.implode()))
    for (column,), lines in receipt.filter(pl.col("column") != "").group_by("column", maintain_order=True):
        table = _put_back(table, str(column), lines)
    return table


def _put_back(table: pl.DataFrame, column: str, lines: pl.DataFrame) -> pl.DataFrame:
    truths = lines.select(ROW_ID, "truth", _hit=pl.lit(True))
    joined = table.join(truths, on=ROW_ID, how="left", maintain_order="left")
    mended = pl.when(pl.col("_hit")).then(pl.col("truth")).otherwise(pl.col(column)).alias(column)
    return joined.with_columns(mended).drop("truth", "_hit")


def _without_undone(receipt: pl.DataFrame, spoiled: pl.DataFrame) -> pl.DataFrame:
    """The receipt without cells that a second blow happened to set right."""
    kept = [receipt.filter(pl.col("column") == "")]
    for (column,), lines in receipt.filter(pl.col("column") != "").group_by("column", maintain_order=True):
        now = spoiled.select(ROW_ID, _now=pl.col(str(column)))
        joined = lines.join(now, on=ROW_ID, how="left", maintain_order="left")
        kept.append(joined.filter(pl.col("truth").ne_missing(pl.col("_now"))).drop("_now"))
    return pl.concat(kept)


@cache
def corruptions() -> dict[str, Corruption]:
    """Every corruption by kind: those of `oreflow.corruptions` and of the project's `corruptions/` folder."""
    found: dict[str, Corruption] = {}
    for module in plugins.modules("oreflow.corruptions"):
        found |= {part.kind: part for part in vars(module).values() if isinstance(part, Corruption)}
    return found


def find_corruption(kind: str) -> Corruption:
    """The corruption of that kind."""
    if kind not in corruptions():
        raise UnknownName("corruption", kind, corruptions())
    return corruptions()[kind]
