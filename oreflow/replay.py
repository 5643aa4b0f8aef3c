"""Replay: a fitted recipe on a whole table, with the engine of choice."""

from pathlib import Path

import polars as pl
from narwhals.exceptions import NarwhalsError

from oreflow.engines import engine_of, open_parquet, to_engine, with_mark_columns
from oreflow.errors import RecipeError
from oreflow.recipe import FittedRecipe, FittedStep
from oreflow.tables import Engine, Frame


def replay(recipe: FittedRecipe, source: pl.LazyFrame | pl.DataFrame | Path | str, *, engine: Engine) -> Frame:
    """Replay the recipe on a table or a Parquet file; lazy on Polars and DuckDB, with the mark columns added.

    A step that the engine refuses raises `RecipeError` with the step's number and name.
    """
    frame = open_parquet(source, engine) if isinstance(source, Path | str) else to_engine(source, engine)
    frame = with_mark_columns(frame)
    for number, step in enumerate(recipe.steps, start=1):
        frame = _replayed(step, frame, number)
    return frame


def _replayed(step: FittedStep, frame: Frame, number: int) -> Frame:
    try:
        after = step.apply(frame)
        after.collect_schema()  # a lazy engine says only now that a column is not there
        return after
    except _refusals(frame) as error:
        raise RecipeError(
            f"step {number}, {step.operation.verb()}, can't run on {engine_of(frame)}: {error} Use another engine."
        ) from error


def _refusals(frame: Frame) -> tuple[type[Exception], ...]:
    own: tuple[type[Exception], ...] = (NotImplementedError, NarwhalsError, pl.exceptions.PolarsError)
    if engine_of(frame) != "duckdb":
        return own
    import duckdb

    return (*own, duckdb.Error)
