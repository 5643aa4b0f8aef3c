"""Engines: one table on three of them, and a recipe replayed on each."""

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from oreflow.engines import from_engine, map_values, to_engine
from oreflow.errors import RecipeError, UnknownName
from oreflow.letters import lower, title, upper
from oreflow.operations.categories import MapValues
from oreflow.operations.rows import RemoveDuplicates
from oreflow.operations.text import Trim
from oreflow.recipe import FittedRecipe, FittedStep, fit
from oreflow.replay import replay
from oreflow.tables import ENGINES, MARKS, Engine, with_row_ids

BOTH_CASES = [chr(c) for c in [*range(0x41, 0x530), *range(0x10A0, 0x1100), *range(0x1E00, 0x2000)]]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_comes_back_from_an_engine_as_it_went(engine: Engine) -> None:
    days = pl.Series("day", [None, "2024-02-29"]).str.to_date()
    table = pl.DataFrame({"x": ["é", None], "n": [1, None], "f": [None, 0.1], "b": [True, None], "day": days})
    table = with_row_ids(table.with_columns(pl.col("day").cast(pl.Datetime("us")).alias("time")))
    assert_frame_equal(from_engine(to_engine(table, engine)), table)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("change", [lower, upper, title])
def test_case_is_the_same_on_every_engine_in_greek_cyrillic_and_latin(change: object, engine: Engine) -> None:
    table = with_row_ids(pl.DataFrame({"x": [*BOTH_CASES, "ΟΔΟΣ", "straße", "ﬁne", "ǆ"]}))
    changed = [from_engine(change(to_engine(table, e), "x")) for e in ("polars", engine)]  # type: ignore[operator]
    assert_frame_equal(*changed)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mapping_of_thousands_is_a_look_up(engine: Engine) -> None:
    mapping: dict[str, str | None] = {f"old {i}": f"new {i}" for i in range(5_000)} | {"it's": None}
    table = with_row_ids(pl.DataFrame({"x": ["old 4999", "it's", "other", None] * 1000}))
    after = from_engine(map_values(to_engine(table, engine), "x", mapping)).get_column("x")
    assert after.to_list() == ["new 4999", None, "other", None] * 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_is_replayed_with_marks_added(engine: Engine, tmp_path: Path) -> None:
    table = with_row_ids(pl.DataFrame({"x": [" a", "a", None, "b"]}))
    table.write_parquet(tmp_path / "in.parquet")
    recipe = fit([Trim(column="x"), RemoveDuplicates()], table)
    after = from_engine(replay(recipe, tmp_path / "in.parquet", engine=engine))
    assert after.columns == ["x", "_row_id", *MARKS]
    assert after.rows() == [("a", 0, None, None), ("a", 1, None, 0), (None, 2, None, None), ("b", 3, None, None)]


def test_replay_on_polars_stays_lazy(tmp_path: Path) -> None:
    table = with_row_ids(pl.DataFrame({"x": ["a"]}))
    table.write_parquet(tmp_path / "in.parquet")
    recipe = fit([Trim(column="x"), RemoveDuplicates()], table)
    assert isinstance(nw.to_native(replay(recipe, tmp_path / "in.parquet", engine="polars")), pl.LazyFrame)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_that_a_mapping_must_know_stops_the_replay(engine: Engine) -> None:
    step = FittedStep(operation=MapValues(column="x", mapping={"a": "b"}, unseen="fail"))
    table = with_row_ids(pl.DataFrame({"x": ["a", "z", None]}))
    with pytest.raises(Exception, match="mapping"):  # the engine's own error, or RecipeError where it is eager
        from_engine(replay(FittedRecipe(steps=(step,)), table, engine=engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_that_cannot_run_is_refused_by_its_name(engine: Engine) -> None:
    step = FittedStep(operation=Trim(column="gone"))
    with pytest.raises(RecipeError, match=f"step 1, trim, can't run on {engine}"):
        from_engine(replay(FittedRecipe(steps=(step,)), pl.DataFrame({"_row_id": [1]}), engine=engine))


def test_duckdb_refuses_names_that_differ_by_case_only() -> None:
    with pytest.raises(RecipeError, match='"Name" and "name"'):
        to_engine(pl.DataFrame({"Name": [1], "name": [2]}), "duckdb")


def test_an_engine_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownName, match="spark"):
        to_engine(pl.DataFrame({"x": [1]}), "spark")  # type: ignore[arg-type]
