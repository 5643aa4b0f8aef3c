"""Damage to the form of a value: currency, thousands and percent marks, other ways to write a date.

The value stays exactly recoverable. Slashed dates are either day first or month first; a table uses one of the two.
"""

import numpy as np
import polars as pl

from oreflow.corruption import cell_corruption

NUMBER = r"^-?\d+(\.\d+)?$"
UNAMBIGUOUS = ("%d %b %Y", "%b %d, %Y", "%Y/%m/%d")
DAY_FIRST = (*UNAMBIGUOUS, "%d/%m/%Y", "%d/%m/%Y", "%d/%m/%Y")
MONTH_FIRST = (*UNAMBIGUOUS, "%m/%d/%Y", "%m/%d/%Y", "%m/%d/%Y")


@cell_corruption
def currency_mark(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """An amount with a currency sign, thousands commas and two decimals, in one of four styles."""
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, 4, len(cells))})
    kind, grouped = pl.col("kind"), _grouped(pl.col("cell"))
    marked = (
        pl.when(kind == 0)
        .then(pl.lit("$") + grouped)
        .when(kind == 1)
        .then(pl.lit("$ ") + grouped)
        .when(kind == 2)
        .then(pl.lit("USD ") + grouped)
        .otherwise(grouped)
    )
    return table.select(_where_number(marked).alias(cells.name)).to_series()


@cell_corruption
def percent_mark(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """A percentage with its sign, some with a space before it."""
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, 4, len(cells))})
    marked = pl.col("cell") + pl.when(pl.col("kind") == 0).then(pl.lit(" %")).otherwise(pl.lit("%"))
    return table.select(_where_number(marked).alias(cells.name)).to_series()


@cell_corruption
def date_day_first(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """A date written another way; slashes mean day first."""
    return _rewritten(cells, rng, DAY_FIRST)


@cell_corruption
def date_month_first(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """A date written another way; slashes mean month first."""
    return _rewritten(cells, rng, MONTH_FIRST)


def _where_number(marked: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("cell").str.contains(NUMBER)).then(marked).otherwise(pl.col("cell"))


def _grouped(cell: pl.Expr) -> pl.Expr:
    whole = cell.str.extract(r"^-?(\d+)", 1)
    commas = whole.str.reverse().str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars_start(",")
    cents = cell.str.extract(r"\.(\d+)$", 1).fill_null("").str.pad_end(2, "0")
    sign = pl.when(cell.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + commas + pl.lit(".") + cents


def _rewritten(cells: pl.Series, rng: np.random.Generator, formats: tuple[str, ...]) -> pl.Series:
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, len(formats), len(cells))})
    day = pl.col("cell").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    clock = pl.col("cell").str.slice(10)
    # Seconds are left out where they are zero: that is how people write times, and nothing is lost.
    short = pl.when(clock.str.ends_with(":00")).then(clock.str.head(-3)).otherwise(clock)
    spoiled = pl.col("cell")
    for index, form in enumerate(formats):
        spoiled = pl.when(pl.col("kind") == index).then(day.dt.strftime(form) + short).otherwise(spoiled)
    return table.select(pl.coalesce(spoiled, pl.col("cell")).alias(cells.name)).to_series()
