"""The laws of operations, run on every discovered one; each class names its `examples` on the table below."""

import json
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from oreflow.engines import from_engine, to_engine
from oreflow.errors import NotApplicable, UnknownName
from oreflow.operation import Operation, operations, parse_operation
from oreflow.recipe import FittedRecipe, apply_eager, learn_step
from oreflow.replay import replay
from oreflow.tables import ENGINES, MARKS, ROW_ID, Engine, data_columns, with_marks, with_row_ids

# What every operation's examples are written for: text in every state, and one column of each other type.
ROWS: dict[str, list[Any]] = {
    "name": [" Ann  Lee ", "ann\u00a0lee", "ANN-LEE", "Ünal\u200b", "unal", "", None, "N/A", " straße\n", "Zoë o'neil"],
    "city": ["Paris", "paris", "Paris", "Pariss", "Lyon", "LYON ", "Lyon", None, "São Paulo", "Sao Paulo"],
    "money": ["$1,234.50", "(123)", "12-", "-$5", "$ 7", "12 USD", "1,23", "oops", None, "−3.25"],
    "euro": ["1.234,50", "€ 12", "3,5 EUR", "1,2,3", "1.23", "-0,5", "", None, "7 €", "1e3"],
    "size": ["12.0 oz", "16 OZ.", "8 ounces", "12", "oz", None, "-1 oz", "1.5oz", "", " 2 oz "],
    "share": ["5%", "12.5 %", "0.5", None, "x%", "100%", "-3%", "%", "(4%)", "1,0%"],
    "whole": ["1", " 2 ", "+3", "-4", "007", "2.5", "x", None, "1234567890123456789012", "10"],
    "flag": ["Yes", "no", "TRUE", "x", None, "0", "1", "maybe", " yes ", "n"],
    "day": [
        "2024-02-29", "2023-02-29", "31/12/1999", "1/2/2024", "31/02/2024", "", None, "soon", " 2024-03-01 ",
        "0001-01-01",
    ],
    "short_day": [
        "20-Sep-19", "01-JAN-70", "29-feb-00", "31-Dec-68", "1-May-30", "30-Feb-20", None, "", "07-Sept-99", "5-Foo-20",
    ],
    "moment": [
        "05/01/2014 12:00:00 AM", "05/01/2014 12:30:00 pm", "2024-01-31T23:59:59.123456Z", "13/01/2014 01:00:00 AM",
        "05/01/2014 13:00:00 PM", None, "2024-01-31T24:00:00.0Z", "2024-01-31T10:00:00.5+02:00", "",
        "1/1/1900 1:02:03 a.m.",
    ],
    "state": ["WA", None, "WA", None, "OR", "OR", None, "CA", "SP", "SP"],
    "when": ["3 May", "", None, "x4 May", "4 May?", "4 May", "4 May", "5 May", "5 May", "6 May"],
    "total": [1.5, None, None, 4000.0, -325.0, -0.7, 5.0, 2e16, None, 0.0],
    "price": [1.5, None, 2.0, 1000.0, -3.25, 0.1, 2.5, 1e16, -0.000012, 1.5e-7],
    "quantity": [1, 2, None, 4, 100, -7, 2, 2, 3, 0],
    "active": [True, False, None, True, True, False, False, True, None, True],
    "born": [date(1970, 1, 1), None, date(2021, 5, 6), date(2000, 2, 29), *[date(1999, 12, 31)] * 6],
    "seen": [datetime(2024, 1, 1), None, datetime(2024, 1, 1, 10, 11, 12), *[datetime(2023, 5, 6, 7, 8)] * 7],
}  # fmt: skip
TABLE = with_marks(with_row_ids(pl.DataFrame(ROWS), first=100))
CLEANING = {verb: kind for verb, kind in operations().items() if "clean" in kind.stages and kind.effect != "end"}
EXAMPLES = [
    pytest.param(kind(**fields), id=f"{verb}-{number}")
    for verb, kind in CLEANING.items()
    for number, fields in enumerate(getattr(kind, "examples", ()))
]
REWRITING = [case for case in EXAMPLES if case.values[0].effect != "look"]


@pytest.mark.parametrize("verb", CLEANING)
def test_an_operation_names_examples_for_its_laws(verb: str) -> None:
    assert getattr(CLEANING[verb], "examples", ()), f"{verb} needs `examples`, parameters for the table in this file"


@pytest.mark.parametrize("operation", EXAMPLES)
def test_an_operation_is_the_same_after_its_json(operation: Operation) -> None:
    assert parse_operation(json.loads(json.dumps(operation.action()))) == operation


@pytest.mark.parametrize("operation", REWRITING)
@pytest.mark.parametrize("height", [0, 1])
def test_tables_of_no_row_and_of_one_row_work(operation: Operation, height: int) -> None:
    few = TABLE.head(height)
    assert apply_eager(learn_step(operation, TABLE), few).height == height
    try:
        step = learn_step(operation, few)
    except NotApplicable:
        assert height == 1  # the one cell may be none that it is for
        return
    assert apply_eager(step, few).height == height


@pytest.mark.parametrize("operation", REWRITING)
def test_a_table_of_nulls_works_and_only_constants_fill_it(operation: Operation) -> None:
    empty = TABLE.with_columns(pl.lit(None, dtype=TABLE.schema[n]).alias(n) for n in data_columns(TABLE.columns))
    after = apply_eager(learn_step(operation, empty), empty)
    assert after.height == TABLE.height
    if getattr(operation, "strategy", "") != "constant":
        assert all(after.get_column(n).null_count() == after.height for n in data_columns(after.columns))


@pytest.mark.parametrize("operation", REWRITING)
def test_the_input_stays_as_it_was(operation: Operation) -> None:
    before = TABLE.clone()
    apply_eager(learn_step(operation, before), before)
    assert_frame_equal(before, TABLE)


@pytest.mark.parametrize("operation", REWRITING)
def test_columns_that_it_does_not_touch_stay_and_rows_keep_number_and_order(operation: Operation) -> None:
    after = apply_eager(learn_step(operation, TABLE), TABLE)
    touched = {*operation.touches(TABLE.columns), *(MARKS if operation.effect == "rows" else ())}
    untouched = [name for name in TABLE.columns if name not in touched]
    assert_frame_equal(after.select(untouched), TABLE.select(untouched))
    assert set(after.columns) - set(TABLE.columns) <= touched


@pytest.mark.parametrize("operation", EXAMPLES)
def test_only_a_look_answers_and_it_changes_nothing(operation: Operation) -> None:
    if operation.effect == "look":
        for table in (TABLE, TABLE.head(0)):
            operation.check(table.schema)
            assert isinstance(operation.answer(table), str)
        assert_frame_equal(apply_eager(learn_step(operation, TABLE), TABLE), TABLE)
    else:
        assert operation.answer(TABLE) == ""


@pytest.mark.parametrize("operation", REWRITING)
def test_a_fitted_step_gives_the_same_table_after_its_json(operation: Operation) -> None:
    recipe = FittedRecipe(steps=(learn_step(operation, TABLE),))
    again = FittedRecipe.from_json(recipe.to_json())
    assert again.to_json() == recipe.to_json()
    assert_frame_equal(apply_eager(again.steps[0], TABLE), apply_eager(recipe.steps[0], TABLE))


@pytest.mark.parametrize("operation", REWRITING)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_cells_that_the_workbench_showed(operation: Operation, engine: Engine) -> None:
    step = learn_step(operation, TABLE)
    shown = from_engine(to_engine(apply_eager(step, TABLE), "polars"))
    replayed = from_engine(replay(FittedRecipe(steps=(step,)), TABLE, engine=engine))
    assert_frame_equal(replayed, shown, check_exact=True)


@pytest.mark.parametrize("operation", REWRITING)
def test_twice_equals_once_where_it_says_so(operation: Operation) -> None:
    step = learn_step(operation, TABLE)
    once = apply_eager(step, TABLE)
    if not operation.idempotent:
        return
    try:
        operation.check(once.schema)
    except (NotApplicable, UnknownName):
        return  # it changed what it is for: a second time is refused
    assert_frame_equal(apply_eager(learn_step(operation, once), once), once)


@pytest.mark.parametrize("operation", REWRITING)
def test_two_halves_replayed_are_the_whole_replayed(operation: Operation) -> None:
    step = learn_step(operation, TABLE)
    if not operation.whole_table:
        halves = [apply_eager(step, half) for half in (TABLE.head(4), TABLE.slice(4))]
        assert_frame_equal(pl.concat(halves), apply_eager(step, TABLE))


@pytest.mark.parametrize("operation", [case for case in EXAMPLES if getattr(case.values[0], "column", None)])
def test_a_column_that_is_not_there_is_an_unknown_name(operation: Operation) -> None:
    with pytest.raises(UnknownName):
        operation.check(TABLE.drop(operation.column).schema)  # type: ignore[attr-defined]


@pytest.mark.parametrize("operation", [case for case in EXAMPLES if getattr(case.values[0], "column", None)])
def test_a_column_that_it_is_not_for_is_refused_before_anything_is_learned(operation: Operation) -> None:
    kinds = [pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date(), pl.Datetime("us"), pl.List(pl.Int64)]
    for dtype in kinds:
        column = operation.column  # type: ignore[attr-defined]
        table = TABLE.with_columns(pl.lit(None, dtype=dtype).alias(column))
        try:
            operation.check(table.schema)
        except NotApplicable:
            continue
        if operation.effect != "look":  # what the check lets through must work
            assert apply_eager(learn_step(operation, table), table).height == TABLE.height


@pytest.mark.parametrize("operation", REWRITING)
def test_its_sentence_names_the_column(operation: Operation) -> None:
    said = operation.sentence(learn_step(operation, TABLE).learned)
    assert getattr(operation, "column", "") in said
    assert len(said) > 10
    assert ROW_ID not in said
