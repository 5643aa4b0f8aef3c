"""The DQ score: its parts by hand, raw and typed tables on one scale, and what it is for an empty table."""

from datetime import date

import polars as pl
import pytest

from oreflow.contract import Column, Contract, Rule
from oreflow.measures.dq import contract_score, dq_score

COLUMNS = (
    Column(name="id", type="integer"),
    Column(name="amount", type="number"),
    Column(name="state"),
    Column(name="day", type="date", optional=True),
)
RAW = pl.DataFrame(
    {
        "id": ["1", "2", "2", "x"],
        "amount": ["1.5", "N/A", " 3 ", ""],
        "state": ["a", "UNKNOWN", "b", " "],
        "day": ["2020-01-01", "5 Jan 2020", None, "someday"],
    }
)


def test_the_parts_are_what_a_person_counts() -> None:
    score = dq_score(RAW, COLUMNS, key=("id",))
    assert score["completeness"] == pytest.approx(
        1 - 3 / 12
    )  # an empty amount, UNKNOWN and a blank state; day is optional
    assert score["consistency"] == pytest.approx((3 / 4 + 2 / 3 + 2 / 3) / 3)  # id x; amount N/A; day someday
    assert score["uniqueness"] == pytest.approx(1 - 1 / 4)
    assert score["score"] == pytest.approx(0.4 * 0.75 + 0.35 * score["consistency"] + 0.25 * 0.75)


def test_a_typed_table_and_its_text_have_the_same_score() -> None:
    typed = pl.DataFrame(
        {"id": [1, 2, 3], "amount": [1.5, None, 3.0], "state": ["a", "b", None], "day": [date(2020, 1, 1), None, None]}
    )
    text = typed.select(pl.all().cast(pl.String))
    assert dq_score(typed.lazy(), COLUMNS, key=("id",)) == dq_score(text, COLUMNS, key=("id",))


def test_cleaning_a_table_honestly_raises_its_score() -> None:
    cleaned = pl.DataFrame(
        {
            "id": [1, 2, None],
            "amount": [1.5, 3.0, None],
            "state": ["a", "b", None],
            "day": [date(2020, 1, 1), None, None],
        }
    )
    assert dq_score(cleaned, COLUMNS, key=("id",))["score"] > dq_score(RAW, COLUMNS, key=("id",))["score"]


def test_an_empty_table_scores_one_and_a_missing_column_counts_as_empty() -> None:
    assert dq_score(RAW.clear(), COLUMNS, key=("id",))["score"] == 1.0
    assert dq_score(RAW.drop("state"), COLUMNS)["completeness"] == pytest.approx(1 - 5 / 12)


def test_without_a_key_whole_rows_are_compared() -> None:
    twice = pl.concat([RAW, RAW.head(1)])
    assert dq_score(twice, COLUMNS)["uniqueness"] == pytest.approx(1 - 1 / 5)
    assert dq_score(twice, COLUMNS, key=("id", "state"))["uniqueness"] == pytest.approx(1 - 1 / 5)


def test_a_word_that_the_contract_accepts_is_a_value() -> None:
    accepted = Rule(id="s", kind="in_set", column="state", arguments={"values": ["a", "b", "Unknown"]})
    plain = Contract(domain="d", table="t", columns=COLUMNS)
    knows = plain.model_copy(update={"rules": (accepted,)})
    assert contract_score(RAW, knows)["completeness"] == pytest.approx(
        contract_score(RAW, plain)["completeness"] + 1 / 12
    )


def test_whole_numbers_are_wanted_where_the_contract_says_integer() -> None:
    table = pl.DataFrame({"id": [1.0, 2.5, None, 4.0]})
    assert dq_score(table, (Column(name="id", type="integer"),))["consistency"] == pytest.approx(2 / 3)
