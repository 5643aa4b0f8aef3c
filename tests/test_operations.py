"""Operations: what each makes of literal cells, and what it refuses."""

import re
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

import oreflow.operations
from oreflow.errors import NotApplicable, RecipeError
from oreflow.operation import Operation, operations, parse_operation
from oreflow.operations.categories import CorrectTypo, MapValues, NormalizeCategories
from oreflow.operations.columns import DropColumn, RenameColumns
from oreflow.operations.dates import ParseDate
from oreflow.operations.looks import ShowRows, ValueCounts
from oreflow.operations.missing import FillMissing
from oreflow.operations.numbers import ClipOutliers, NullOutside, ParseNumber
from oreflow.operations.rows import RemoveDuplicates
from oreflow.operations.text import ChangeCase, Trim
from oreflow.operations.types import CastType
from oreflow.operations.units import ConvertUnits
from oreflow.recipe import apply_eager, learn_step
from oreflow.tables import MERGED_INTO, QUARANTINE, with_marks, with_row_ids


def table(**columns: list[Any]) -> pl.DataFrame:
    return with_marks(with_row_ids(pl.DataFrame(columns)))


def done(operation: Operation, before: pl.DataFrame, *, later: pl.DataFrame | None = None) -> pl.DataFrame:
    """Learn on `before` and replay on `later` (default: on the same table)."""
    return apply_eager(learn_step(operation, before), before if later is None else later)


def cells(operation: Operation, *values: Any) -> list[Any]:
    return done(operation, table(x=list(values))).get_column("x").to_list()


@pytest.mark.parametrize(
    ("fields", "text", "number"),
    [
        ({"decimal": ","}, "1,234", 1.234),
        ({"thousands": ","}, "1,234", 1234),
        ({"thousands": ","}, "12,34", None),
        ({"thousands": ","}, "1,234,567.5", 1234567.5),
        ({"thousands": ","}, "12,34,567", 1234567),
        ({"thousands": " ", "decimal": ","}, "1\u202f234,5", 1234.5),
        ({"thousands": "'"}, "CHF 1'234.50", 1234.5),
        ({}, "1,234", None),
        ({}, "(1.5)", -1.5),
        ({}, "(-1.5)", None),
        ({}, "1.5-", -1.5),
        ({}, "--1", None),
        ({}, "€ -3", -3),
        ({}, "-€3", -3),
        ({}, ".5", 0.5),
        ({}, "1.2.3", None),
        ({}, "2024-01-31", None),
        ({}, "1e-2", 0.01),
        ({}, "-1E3", -1000),
        ({}, "12 m2", 12),
        ({}, "3.5 fl. oz.", 3.5),
        ({}, "100 km/h", 100),
        ({}, "5 %", 5),
        ({"percent": "to_fraction"}, "5 %", 0.05),
        ({"percent": "to_fraction"}, "(5%)", -0.05),
        ({}, "1 2", None),
        ({}, "½", None),
        ({}, "٣", None),
    ],
)
def test_text_is_read_as_a_number_only_in_the_form_that_the_fields_say(
    fields: dict[str, Any], text: str, number: float | None
) -> None:
    assert (
        cells(ParseNumber(column="x", **fields), text, "0.25" if fields.get("decimal") != "," else "0,25")[0] == number
    )


def test_whole_numbers_stay_whole_and_a_later_fraction_is_null() -> None:
    later = table(x=["7", "2.5", "1" * 19])
    after = done(ParseNumber(column="x"), table(x=["1", " 20 ", None]), later=later)
    assert after.get_column("x").dtype == pl.Int64
    assert after.get_column("x").to_list() == [7, None, None]


def test_two_currencies_are_not_read_as_one_number() -> None:
    with pytest.raises(NotApplicable, match="EUR, USD"):
        cells(ParseNumber(column="x"), "$5", "€5")
    assert cells(ParseNumber(column="x", units=("$", "€")), "$5", "€6") == [5, 6]


def test_a_unit_first_met_at_replay_is_no_number() -> None:
    after = done(ParseNumber(column="x"), table(x=["$5"]), later=table(x=["US$ 6", "£7", "8", "usd 9"]))
    assert after.get_column("x").to_list() == [6, None, 8, 9]


def test_codes_and_words_are_no_column_of_numbers() -> None:
    with pytest.raises(NotApplicable, match="18 digits"):
        cells(ParseNumber(column="x"), "1" * 20, "2" * 20)
    with pytest.raises(NotApplicable, match="only be emptied"):
        cells(ParseNumber(column="x"), "yes", "no")


@pytest.mark.parametrize(
    ("text", "layout", "day"),
    [
        ("20-Sep-19", "%d-%b-%y", date(2019, 9, 20)),
        ("07-10-1969", "%d-%m-%Y", date(1969, 10, 7)),
        ("31/02/2020", "%d/%m/%Y", None),
        ("29/02/1900", "%d/%m/%Y", None),
        ("29/02/2000", "%d/%m/%Y", date(2000, 2, 29)),
        ("0/1/2000", "%d/%m/%Y", None),
        ("2000-13-01", "%Y-%m-%d", None),
        ("20240131", "%Y%m%d", date(2024, 1, 31)),
        ("January 5, 2024", "%B %d, %Y", date(2024, 1, 5)),
        ("Fri 5 JAN 2024", "%a %d %b %Y", date(2024, 1, 5)),
        ("may 5 2024", "%b %d %Y", date(2024, 5, 5)),
        ("2024-01-31 extra", "%Y-%m-%d", None),
        ("02/03/24", "%D", date(2024, 2, 3)),
        ("1.2.2024", "%d.%m.%Y", date(2024, 2, 1)),
        ("1x2x2024", "%d.%m.%Y", None),
    ],
)
def test_dates_are_read_in_the_named_form_and_impossible_ones_are_null(
    text: str, layout: str, day: date | None
) -> None:
    assert done(
        ParseDate(column="x", formats=(layout,)), table(x=[text, None]).head(0), later=table(x=[text])
    ).get_column("x").to_list() == [day]


@pytest.mark.parametrize(
    ("text", "layout", "moment"),
    [
        ("05/01/2014 12:00:00 AM", "%m/%d/%Y %I:%M:%S %p", datetime(2014, 5, 1)),
        ("05/01/2014 12:01:00 PM", "%m/%d/%Y %I:%M:%S %p", datetime(2014, 5, 1, 12, 1)),
        ("05/01/2014 13:00:00 PM", "%m/%d/%Y %I:%M:%S %p", None),
        ("29/2/2016 01:16", "%d/%m/%Y %H:%M", datetime(2016, 2, 29, 1, 16)),
        ("29/2/2016 24:00", "%d/%m/%Y %H:%M", None),
        ("2024-01-31T10:00:00.5Z", "%Y-%m-%dT%H:%M:%S.%f%z", datetime(2024, 1, 31, 10, 0, 0, 500_000)),
        ("2024-01-31T10:00:00+02:00", "%Y-%m-%dT%H:%M:%S%z", None),
        ("2024-01-31", "%Y-%m-%d", datetime(2024, 1, 31)),
    ],
)
def test_timestamps_keep_the_time_of_day(text: str, layout: str, moment: datetime | None) -> None:
    before = table(x=["x"]).head(0)
    after = done(ParseDate(column="x", formats=(layout,), kind="timestamp"), before, later=table(x=[text]))
    assert after.get_column("x").to_list() == [moment]


def test_the_first_format_that_gives_a_real_date_wins() -> None:
    parse = ParseDate(column="x", formats=("%m/%d/%Y", "%d/%m/%Y"))
    assert cells(parse, "02/03/2024", "31/12/2024") == [date(2024, 2, 3), date(2024, 12, 31)]


def test_a_two_digit_year_does_not_lie_in_the_future_when_told_so() -> None:
    parse = ParseDate(column="x", formats=("%d-%m-%y",), not_after=date(2025, 6, 30))
    assert cells(parse, "30-06-25", "01-07-25", "29-02-00") == [date(2025, 6, 30), date(1925, 7, 1), date(2000, 2, 29)]


@pytest.mark.parametrize("layout", ["%Y-%m", "%d %Q %Y", "%I:%M %d/%m/%Y", "%Y %y %m %d", "%x"])
def test_a_format_that_names_no_day_in_full_is_refused_with_the_reason(layout: str) -> None:
    action = {"operation": "parse_date", "column": "x", "formats": [layout]}
    if layout == "%Y-%m":  # a month alone is its first day
        assert cells(parse_operation(action), "2024-05") == [date(2024, 5, 1)]
        return
    with pytest.raises(RecipeError, match="formats"):
        parse_operation(action)


def test_variants_take_the_most_frequent_spelling_and_numbers_are_left_apart() -> None:
    before = table(x=["In-store", "In-store", "in store ", "IN STORE", "1.5", "15", "-5", "5", "C++", "C", "C#", None])
    after = done(NormalizeCategories(column="x"), before).get_column("x").to_list()
    assert after == [*["In-store"] * 4, "1.5", "15", "-5", "5", "C++", "C", "C#", None]


def test_a_new_variant_is_normalised_at_replay_and_a_new_value_is_kept() -> None:
    later = table(x=["PARIS", "paris.", "Parisot", None])
    after = done(NormalizeCategories(column="x"), table(x=["Paris", "Paris", "Lyon"]), later=later)
    assert after.get_column("x").to_list() == ["Paris", "Paris", "Parisot", None]


@pytest.mark.parametrize(("unseen", "after"), [("keep", ["A", "z", None]), ("null", ["A", None, None])])
def test_a_mapping_says_what_becomes_of_other_values(unseen: Any, after: list[str | None]) -> None:
    assert cells(MapValues(column="x", mapping={"a": "A"}, unseen=unseen), "a", "z", None) == after


def test_a_mapping_that_must_know_every_value_fails_on_another() -> None:
    with pytest.raises(NotApplicable, match="'z'"):
        cells(MapValues(column="x", mapping={"a": "A"}, unseen="fail"), "a", "z")


def test_one_typo_is_corrected_where_it_is_the_whole_cell() -> None:
    assert cells(CorrectTypo(column="x", wrong="Pari", correct="Paris"), "Pari", "Paris", None) == [
        "Paris",
        "Paris",
        None,
    ]


def test_a_whole_number_column_is_filled_with_a_whole_number() -> None:
    assert cells(FillMissing(column="x", strategy="mean"), 1, 2, None) == [1, 2, 2]
    assert cells(FillMissing(column="x", strategy="median"), 1.0, 2.0, None, float("nan")) == [1.0, 2.0, 1.5, 1.5]


@pytest.mark.parametrize(
    "fields",
    [{"strategy": "constant"}, {"strategy": "mean", "value": 3}, {"strategy": "forward"}],
)
def test_a_constant_needs_its_value_and_nothing_else_has_one(fields: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        parse_operation({"operation": "fill_missing", "column": "x", **fields})


def test_a_constant_of_another_type_is_refused() -> None:
    with pytest.raises(NotApplicable, match="Int64"):
        cells(FillMissing(column="x", strategy="constant", value="many"), 1, None)
    with pytest.raises(NotApplicable, match="median"):
        cells(FillMissing(column="x", strategy="median"), "a", None)


def test_outliers_are_pulled_to_the_limits_that_the_sample_sets() -> None:
    later = table(x=[1000.0, -1000.0, 3.0, None])
    after = done(ClipOutliers(column="x"), table(x=[1.0, 2.0, 3.0, 4.0, 5.0]), later=later)
    assert after.get_column("x").to_list() == [7.0, -1.0, 3.0, None]


def test_values_outside_what_is_possible_become_null() -> None:
    assert cells(NullOutside(column="x", minimum=0, maximum=120), -1, 0, 120, 121, None) == [None, 0, 120, None, None]
    days = [date(1890, 1, 1), date(1990, 1, 1)]
    assert cells(NullOutside(column="x", minimum="1900-01-01"), *days) == [None, date(1990, 1, 1)]


def test_amounts_in_several_units_become_one_and_an_unknown_unit_null() -> None:
    convert = ConvertUnits(column="x", factors={"kg": 1000, "g": 1}, to="g")
    assert cells(convert, "2 kg", "5 grams", "1.5KG", "3 lb", "7", None) == [2000, 5, 1500, None, None, None]


def test_a_float_is_cast_to_an_integer_only_where_it_is_one() -> None:
    assert cells(CastType(column="x", type="integer"), 1.0, 1.5, 1e18, None) == [1, None, None, None]
    assert cells(CastType(column="x", type="boolean"), "Yes", "0", "perhaps") == [True, False, None]
    with pytest.raises(NotApplicable, match="parse it first"):
        cells(CastType(column="x", type="boolean"), date(2024, 1, 1))


def test_space_of_every_kind_is_trimmed_and_a_blank_cell_is_null() -> None:
    assert cells(Trim(column="x"), "\u00a0a \u2003 b\u200b\ufeff", "\u3000", "a b") == ["a b", None, "a b"]


@pytest.mark.parametrize(
    ("case", "text", "after"),
    [
        ("lower", "ΟΔΟΣ İ", "οδοσ i\u0307"),
        ("upper", "straße ﬁ", "STRASSE FI"),
        ("title", "mary-ann O'NEIL", "Mary-Ann O'neil"),
    ],
)
def test_case_is_changed_beyond_ascii(case: Any, text: str, after: str) -> None:
    assert cells(ChangeCase(column="x", case=case), text) == [after]


def test_duplicates_are_marked_with_the_row_that_is_kept_and_stay_in_the_table() -> None:
    before = table(x=["a", "a", None, None, "a", "b"], y=[None, "1", "2", "2", None, None])
    assert done(RemoveDuplicates(columns=("x",)), before).get_column(MERGED_INTO).to_list() == [
        None,
        0,
        None,
        None,
        0,
        None,
    ]
    complete = RemoveDuplicates(columns=("x",), keep="most_complete")
    assert done(complete, before).get_column(MERGED_INTO).to_list() == [1, None, None, None, 1, None]
    assert done(RemoveDuplicates(), before).get_column(MERGED_INTO).to_list() == [None, None, None, 2, 0, None]


def test_rows_that_are_marked_already_take_no_part_in_the_search_for_duplicates() -> None:
    before = table(x=["a", "a", "a"]).with_columns(pl.Series(QUARANTINE, ["bad", None, None]))
    assert done(RemoveDuplicates(), before).get_column(MERGED_INTO).to_list() == [None, None, 1]


def test_columns_keep_apart_and_system_columns_stay() -> None:
    before = table(x=[1], y=[2])
    with pytest.raises(NotApplicable, match='"y"'):
        done(RenameColumns(mapping={"x": "y"}), before)
    with pytest.raises(NotApplicable, match="system"):
        done(DropColumn(column="_row_id"), before)


def test_an_agent_can_look_at_values_and_rows() -> None:
    sample = table(x=["a", "a", "b", None], y=[1, 2, 3, 4])
    assert (
        ValueCounts(column="x", limit=1).answer(sample)
        == "x: 3 different values in 4 rows\n'a': 2\n… and 2 more values"
    )
    assert ShowRows(column="x", equals=None).answer(sample) == "1 rows, 1 shown\n_row_id=3; x=null; y=4"


def test_every_operation_of_the_other_environments_has_its_own_here() -> None:
    rows = re.findall(r"^\| (\w+) +\| ([a-z_, ]+?) +\|$", oreflow.operations.__doc__ or "", flags=re.M)
    answers = {theirs: ours.split(", ") for theirs, ours in rows if ours != "here"}
    datasage = {"fill_null", "fix_type", "remove_duplicate", "standardize", "trim", "correct_typo"}
    fsds = {"drop_duplicates", "replace_invalid_with_null", "cast_numeric", "cast_datetime"}
    fsds |= {"impute_numeric", "impute_categorical", "normalize_categories", "clip_outliers_iqr"}
    dojo = {"DROP_DUPLICATES", "DROP_COLUMN", "FILL_NA", "STRIP_CHAR", "TYPE_CAST", "LOWERCASE", "GET_VALUE_COUNTS"}
    assert set(answers) == datasage | fsds | dojo | {"MAP_VALUES"}
    assert {verb for verbs in answers.values() for verb in verbs} <= set(operations())
