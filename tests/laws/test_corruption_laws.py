"""Laws of corruptions: they run on every one that is discovered."""

import numpy as np
import polars as pl
import pytest

from oreflow.corruption import DAMAGES, Corruption, corruptions, find_corruption, records, restore, text_form
from oreflow.errors import UnknownName

TABLE = pl.DataFrame(
    {
        "id": ["a1", "a2", "a3", "a4", "a5", "a6"],
        "label": ["Resolved", "In Progress", None, "Resolved", "Sales Executive", "Open"],
        "number": ["12", "3400.5", "0", None, "-7", "1234567"],
        "day": ["2024-02-11", "2025-11-12 08:30:00", "2023-01-31", "2024-12-01", None, "2024-02-29 23:59:58"],
    }
)
STRUCK = ("label", "number", "day")
each = pytest.mark.parametrize("corruption", corruptions().values(), ids=lambda c: c.kind)


def struck(
    corruption: Corruption, table: pl.DataFrame, *, rate: float = 1.0, seed: int = 0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    return corruption(text_form(table), np.random.default_rng(seed), columns=STRUCK, rate=rate)


def test_corruptions_are_discovered_by_kind() -> None:
    assert {"typo", "missing_token", "type_error", "duplicate", "date_day_first", "currency_mark"} <= set(corruptions())


def test_an_unknown_corruption_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match='no corruption "typos"; did you mean "typo"'):
        find_corruption("typos")


@each
def test_it_says_what_it_does(corruption: Corruption) -> None:
    assert corruption.claim.endswith(".")


@each
@pytest.mark.parametrize("seed", range(5))
def test_its_receipt_restores_the_table(corruption: Corruption, seed: int) -> None:
    spoiled, receipt = struck(corruption, TABLE, seed=seed)
    assert receipt.schema == DAMAGES
    assert receipt.height > 0
    assert not spoiled.equals(text_form(TABLE))
    assert restore(spoiled, receipt).equals(text_form(TABLE))


@each
@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_every_line_of_the_receipt_is_a_cell_that_really_differs(corruption: Corruption, rate: float) -> None:
    spoiled, receipt = struck(corruption, TABLE, rate=rate)
    clean = text_form(TABLE)
    for damage in records(receipt.filter(pl.col("column") != "")):
        now = spoiled.filter(pl.col("_row_id") == damage.row_id)[damage.column].item()
        true = clean.filter(pl.col("_row_id") == damage.row_id)[damage.column].item()
        assert damage.truth == true
        assert now != true


@each
def test_the_input_stays_as_it_was(corruption: Corruption) -> None:
    table = text_form(TABLE)
    before = table.clone()
    corruption(table, np.random.default_rng(1), columns=STRUCK, rate=1.0)
    assert table.equals(before)


@each
def test_columns_that_are_not_named_keep_their_cells(corruption: Corruption) -> None:
    spoiled, receipt = corruption(text_form(TABLE), np.random.default_rng(1), columns=("label",), rate=1.0)
    assert restore(spoiled, receipt).select("id", "number", "day").equals(TABLE.select("id", "number", "day"))
    assert set(spoiled["id"].unique()) == set(TABLE["id"])


@each
def test_empty_cells_stay_empty(corruption: Corruption) -> None:
    spoiled, _ = struck(corruption, TABLE)
    originals = spoiled.filter(pl.col("_row_id") < TABLE.height).sort("_row_id")
    for column in STRUCK:
        empty = TABLE[column].is_null()
        assert originals.filter(empty)[column].null_count() == empty.sum()


@each
def test_no_row_and_one_row_are_tables_too(corruption: Corruption) -> None:
    for rows in (0, 1):
        spoiled, receipt = struck(corruption, TABLE.head(rows))
        assert restore(spoiled, receipt).equals(text_form(TABLE.head(rows)))


@each
def test_a_rate_of_zero_does_nothing(corruption: Corruption) -> None:
    spoiled, receipt = struck(corruption, TABLE, rate=0.0)
    assert spoiled.equals(text_form(TABLE))
    assert receipt.height == 0


@each
def test_the_same_rng_does_the_same_damage(corruption: Corruption) -> None:
    first, again, other = (struck(corruption, pl.concat([TABLE] * 20), rate=0.5, seed=seed) for seed in (3, 3, 4))
    assert first[0].equals(again[0])
    assert first[1].equals(again[1])
    assert not first[0].equals(other[0])


@each
def test_the_rate_is_the_share_that_is_hit(corruption: Corruption) -> None:
    long = pl.DataFrame({"id": [str(i) for i in range(8000)], "label": ["Resolved"] * 4000 + ["In Progress"] * 4000})
    _, receipt = corruption(text_form(long), np.random.default_rng(0), columns=("label",), rate=0.1)
    assert receipt.height == 0 or 0.06 < receipt.height / long.height < 0.14


@each
def test_an_unknown_column_is_named(corruption: Corruption) -> None:
    with pytest.raises(UnknownName, match='no column "lable"; did you mean "label"'):
        corruption(text_form(TABLE), np.random.default_rng(0), columns=("lable",), rate=0.5)


def test_a_typo_never_makes_another_value_of_the_column() -> None:
    table = text_form(pl.DataFrame({"label": ["Form", "From"] * 500}))
    spoiled, _ = find_corruption("typo")(table, np.random.default_rng(0), columns=("label",), rate=1.0)
    kept = spoiled.filter(pl.col("label").is_in(["Form", "From"]))
    assert kept["label"].equals(table.filter(pl.col("_row_id").is_in(kept["_row_id"].implode()))["label"])


def test_a_rewritten_date_still_names_the_same_moment() -> None:
    table = text_form(pl.DataFrame({"day": ["2024-02-11 08:30:00"] * 40}))
    spoiled, _ = find_corruption("date_day_first")(table, np.random.default_rng(0), columns=("day",), rate=1.0)
    assert set(spoiled["day"]) == {
        "11 Feb 2024 08:30",
        "Feb 11, 2024 08:30",
        "2024/02/11 08:30",
        "11/02/2024 08:30",
    }


def test_a_marked_amount_keeps_every_digit() -> None:
    table = text_form(pl.DataFrame({"pay": ["1234567.5", "-12", "999", "1000"] * 20}))
    spoiled, _ = find_corruption("currency_mark")(table, np.random.default_rng(0), columns=("pay",), rate=1.0)
    assert "$1,234,567.50" in set(spoiled["pay"])
    read = spoiled["pay"].str.replace_all(r"[$,A-Z ]", "").cast(pl.Float64)
    assert read.equals(table["pay"].cast(pl.Float64))


def test_a_duplicate_is_exact_stands_below_its_original_and_names_it() -> None:
    spoiled, receipt = find_corruption("duplicate")(text_form(TABLE), np.random.default_rng(0), columns=(), rate=0.6)
    for damage in records(receipt):
        copy = spoiled.filter(pl.col("_row_id") == damage.row_id)
        original = spoiled.filter(pl.col("_row_id") == int(damage.truth or -1))
        assert copy.drop("_row_id").equals(original.drop("_row_id"))
        order = spoiled["_row_id"].to_list()
        assert order.index(int(damage.truth or -1)) < order.index(damage.row_id)
