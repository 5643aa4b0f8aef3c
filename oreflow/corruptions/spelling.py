"""Damage to spelling: typos, letter case, white space. The value can still be recognised."""

import numpy as np
import polars as pl

from oreflow.corruption import cell_corruption

SHORTEST = 4  # a typo in a shorter word makes another word


@cell_corruption
def typo(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """One letter is swapped with the next, left out, doubled, or hit beside its key."""
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, 4, len(cells)), "u": rng.random(len(cells))})
    length = pl.col("cell").str.len_chars()
    table = table.with_columns(at=(1 + pl.col("u") * (length.cast(pl.Int64) - 3)).floor().cast(pl.Int64))
    at = pl.col("at").clip(0)
    head, here = pl.col("cell").str.slice(0, at), pl.col("cell").str.slice(at, 1)
    after, tail = pl.col("cell").str.slice(at + 1, 1), pl.col("cell").str.slice(at + 2)
    spoiled = (
        pl.when(pl.col("kind") == 0)
        .then(head + after + here + tail)
        .when(pl.col("kind") == 1)
        .then(head + after + tail)
        .when(pl.col("kind") == 2)
        .then(head + here + here + after + tail)
        .otherwise(head + pl.lit("x") + after + tail)
    )
    result = table.select(pl.when(length >= SHORTEST).then(spoiled).otherwise(pl.col("cell")).alias(cells.name))
    return _not_another_value(cells, result.to_series())


def _not_another_value(cells: pl.Series, spoiled: pl.Series) -> pl.Series:
    """Take back a typo that makes a value the column really has: it would be another truth, not a misspelling."""
    clash = spoiled.is_in(cells.unique().implode())
    return cells.zip_with(clash, spoiled)


@cell_corruption
def letter_case(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Upper, lower or swapped case."""
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, 3, len(cells))})
    cell, kind = pl.col("cell"), pl.col("kind")
    first = cell.str.slice(0, 1).str.to_lowercase() + cell.str.slice(1).str.to_uppercase()
    spoiled = pl.when(kind == 0).then(cell.str.to_uppercase()).when(kind == 1).then(cell.str.to_lowercase())
    return table.select(spoiled.otherwise(first).alias(cells.name)).to_series()


@cell_corruption
def white_space(cells: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Spaces before, behind, around, or doubled between words."""
    table = pl.DataFrame({"cell": cells, "kind": rng.integers(0, 4, len(cells))})
    cell, kind = pl.col("cell"), pl.col("kind")
    spoiled = (
        pl.when(kind == 0)
        .then(pl.lit("  ") + cell)
        .when(kind == 1)
        .then(cell + pl.lit(" "))
        .when((kind == 2) & cell.str.contains(" ", literal=True))
        .then(cell.str.replace(" ", "  ", literal=True))
        .otherwise(pl.lit(" ") + cell + pl.lit(" "))
    )
    return table.select(spoiled.alias(cells.name)).to_series()
