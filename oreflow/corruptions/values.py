"""Damage that replaces a value: missing tokens, type errors, impossible numbers."""

import numpy as np
import polars as pl

from oreflow.corruption import cell_corruption

MISSING = (None, "", "NULL", "n/a", "N/A", "?")
TYPE_ERRORS = ("N/A", "unknown", "#REF!", "TBD", "-")
ABSURD = ("-1", "999", "-999", "9999")


def _drawn(cells: pl.Series, rng: np.random.Generator, tokens: tuple[str | None, ...]) -> pl.Series:
    drawn = rng.integers(0, len(tokens), len(cells))
    return pl.Series(cells.name, tokens, dtype=pl.String).gather(pl.Series(drawn))


@cell_corruption
def missing_token(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """The value is gone: an empty cell or a token that means so."""
    return _drawn(cells, rng, MISSING)


@cell_corruption
def type_error(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """A word stands where a number belongs."""
    return _drawn(cells, rng, TYPE_ERRORS)


@cell_corruption
def impossible_value(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """A number that can't be: a negative age, 999 percent."""
    return _drawn(cells, rng, ABSURD)
