"""The cleaning workbench keeps its recipe, its budget and its word."""

from datetime import UTC, datetime

import narwhals as nw
import polars as pl
import pytest

from agents.scripted import Scripted
from oreflow.errors import BudgetSpent, NotApplicable, UnknownName
from oreflow.operation import Finish, parse_operation
from oreflow.recipe import FittedRecipe
from oreflow.rollout import rollout
from oreflow.settings import Budget
from oreflow.tables import QUARANTINE, active, data_columns
from oreflow.workbench import TableBench


def now():
    return datetime(2026, 1, 1, tzinfo=UTC)


def clean(table, **options):
    bench = TableBench(table, **options)
    episode = rollout(Scripted(), bench, max_steps=4000, now=now)
    return active(bench.frame), bench, episode


SALES = pl.DataFrame(
    {
        "id": [f"T{i:03}" for i in range(40)],
        "item": [*(["Tea", "Cake", "Juice", "Salad"] * 10)[:39], "ERROR"],
        "quantity": [str(1 + i % 5) for i in range(38)] + ["UNKNOWN", "3"],
        "price": ["1.5", "3.0", "3.0", "5.0"] * 9 + ["1.5", "3.0", "ERROR", "5.0"],
        "paid": [None] * 40,
    }
).with_columns(
    total=pl.when(pl.int_range(40) == 5)
    .then(pl.lit("UNKNOWN"))
    .otherwise(
        (pl.Series([1 + i % 5 for i in range(38)] + [4, 3]) * pl.Series([1.5, 3.0, 3.0, 5.0] * 10)).cast(pl.String)
    )
)


def test_the_missing_one_of_three_numbers_comes_back_and_no_item_is_invented():
    cleaned, _, _ = clean(SALES)
    assert cleaned["total"].to_list()[5] == 1 * 3.0
    assert cleaned["quantity"].to_list()[38] == 4
    assert cleaned["price"].to_list()[38] == 3.0
    assert cleaned["item"].to_list()[39] in (None, "Salad")


def test_an_empty_column_is_dropped_unless_the_contract_names_it():
    assert "paid" not in clean(SALES)[0].columns
    assert "paid" in clean(SALES, keep=["paid"])[0].columns


def test_replaying_the_recipe_gives_what_the_workbench_showed():
    _, bench, _ = clean(SALES)
    recipe = FittedRecipe.from_json(bench.recipe().to_json())
    again = nw.to_native(recipe.apply(nw.from_native(bench.first, eager_only=True)))
    assert again.equals(bench.frame)


def test_the_input_is_left_as_it_was():
    before = SALES.clone()
    clean(SALES)
    assert before.equals(SALES)


def test_a_step_over_the_change_budget_is_refused_and_undone():
    bench = TableBench(SALES, budget=Budget(cells=0.01))
    with pytest.raises(BudgetSpent, match="change budget"):
        bench.do(parse_operation({"operation": "map_values", "column": "item", "mapping": {"Tea": "Coffee"}}))
    assert bench.observe().error is not None
    assert bench.recipe().steps == ()


def test_undo_takes_the_last_operation_back():
    bench = TableBench(SALES)
    bench.do(parse_operation({"operation": "change_case", "column": "item", "case": "upper"}))
    bench.undo()
    assert bench.frame.equals(bench.first)
    with pytest.raises(NotApplicable):
        bench.undo()


def test_an_unknown_column_is_named_with_the_nearest_one():
    with pytest.raises(UnknownName, match='did you mean "item"'):
        TableBench(SALES).do(parse_operation({"operation": "trim", "column": "itm"}))


def test_an_operation_that_changes_nothing_is_not_part_of_the_recipe():
    bench = TableBench(SALES)
    assert bench.do(parse_operation({"operation": "trim", "column": "item"})) == 0
    assert bench.recipe().steps == ()


def test_a_row_without_any_value_goes_aside_with_its_reason():
    table = pl.DataFrame({"a": ["x", "y", None], "b": ["1", "2", None]})
    _, bench, _ = clean(table)
    assert bench.frame[QUARANTINE].to_list() == [None, None, "every cell is empty"]


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"a": []}, schema={"a": pl.String}),
        pl.DataFrame({"a": ["x"]}),
        pl.DataFrame({"a": [None, None]}, schema={"a": pl.String}),
        pl.DataFrame({f"c{i}": ["1", None, "x"] for i in range(300)}),
        pl.DataFrame({"größe": ["1,5", "2,5"], "名": ["a", "b"]}),
        pl.DataFrame({"a": ["x" * 10_000_000, "y"]}),
        pl.DataFrame({"a": ["1", "x", "2024-01-01", "true", None, "€ 5"]}),
    ],
    ids=["no rows", "one row", "all null", "300 columns", "non-ASCII", "10 MB cell", "mixed"],
)
def test_odd_tables_are_cleaned_without_losing_a_row(table):
    _, bench, episode = clean(table, steps=4000)
    assert episode.terminated
    assert bench.frame.height == table.height


def test_answers_of_a_survey_are_no_duplicates():
    table = pl.DataFrame({"answer": ["yes", "no", "yes", "yes", "no"] * 20})
    cleaned, _, _ = clean(table)
    assert cleaned.height == 100


def test_a_log_level_survives():
    table = pl.DataFrame(
        {"at": [f"2024-01-{d:02} 10:00:00" for d in range(1, 29)], "level": ["INFO", "ERROR", "WARN", "INFO"] * 7}
    )
    cleaned, _, _ = clean(table)
    assert cleaned["level"].to_list() == table["level"].to_list()
    assert cleaned.schema["at"] == pl.Datetime("us")


def test_codes_that_look_like_numbers_keep_their_zeros():
    table = pl.DataFrame({"zip": ["01234", "02345", "12345", "10001"] * 5, "n": [str(i) for i in range(20)]})
    cleaned, _, _ = clean(table, roles={"zip": "zip"})
    assert cleaned["zip"].to_list() == table["zip"].to_list()


class Rambler:
    """Never answers with an operation."""

    name = "rambler"
    stages = ("clean",)

    def act(self, observation):
        return parse_operation({"operation": "drop_everything"})

    def identity(self):
        return {"name": self.name}


def test_an_agent_that_never_answers_ends_its_episode_and_nothing_else():
    bench = TableBench(SALES)
    episode = rollout(Rambler(), bench, max_steps=50, now=now)
    assert episode.ending == "agent_error"
    assert len(episode.turns) == 3
    assert bench.frame.equals(bench.first)


def test_an_episode_keeps_only_the_profiles_that_changed():
    _, _, episode = clean(SALES)
    assert len(episode.turns[0].observation["columns"]) == len(data_columns(SALES.columns))
    assert any(len(turn.observation["columns"]) <= 1 for turn in episode.turns[1:])
    assert isinstance(parse_operation(episode.turns[-1].action), Finish)


def test_a_version_is_no_number():
    table = pl.DataFrame({"version": ["1.10", "1.1", "2.0", "2.10"] * 10, "n": [str(i) for i in range(40)]})
    cleaned, _, _ = clean(table)
    assert cleaned["version"].to_list() == table["version"].to_list()


def test_the_end_of_time_is_no_date_and_costs_no_row():
    table = pl.DataFrame({"id": [f"A{i}" for i in range(60)], "left": ["2024-03-01", "2024-04-02", "9999-12-31"] * 20})
    cleaned, bench, _ = clean(table)
    assert cleaned["left"].null_count() == 20
    assert cleaned.height == 60
    assert any("stands for no date" in step.operation.reason for step in bench.steps)


@pytest.mark.parametrize(
    "codes",
    [
        [f"5364{i:02}" for i in range(60)] + [f"C5364{i:02}" for i in range(60, 70)],
        [f"{i}" for i in range(100, 160)] + ["371B", "371C", "118B"],
        [f"1{i:02}-0{i % 10}" for i in range(60)] + ["157-91X", "158-91X", "159-91X"],
        [f"{i}" for i in range(60)] + ["75/3", "22/3", "1/2"],
        ["80632-2", "80633-1"] + [f"{i}" for i in range(80000, 80060)],
    ],
    ids=["cancelled invoices", "rooms", "articles", "house numbers", "parts"],
)
def test_letters_and_marks_that_belong_to_a_code_stay(codes):
    cleaned, _, _ = clean(pl.DataFrame({"code": codes, "n": [str(i) for i in range(len(codes))]}))
    assert cleaned["code"].cast(pl.String).to_list() == codes


def test_nobody_is_born_in_the_future():
    from datetime import date

    table = pl.DataFrame({"dob": ["06/28/47", "12/25/68", "01/30/85", "11/17/99"] * 10})
    cleaned, _, _ = clean(table, roles={"dob": "birth_date"}, today=date(2026, 1, 1))
    assert sorted(set(cleaned["dob"].dt.year())) == [1947, 1968, 1985, 1999]


def test_a_percent_column_of_two_scales_is_left_alone():
    table = pl.DataFrame({"done": ["75%"] * 40 + ["25", "10"] * 5 + ["0.25", "0.5"] * 5})
    cleaned, _, _ = clean(table)
    assert cleaned["done"].to_list() == table["done"].to_list()


def test_a_point_marks_thousands_where_the_other_columns_write_a_decimal_comma():
    table = pl.DataFrame({"menge": ["2.030", "6.635", "1.250"] * 10, "betrag": ["8.165,78", "12,50", "1.000,00"] * 10})
    cleaned, _, _ = clean(table)
    assert cleaned["menge"].to_list()[:3] == [2030, 6635, 1250]
    assert cleaned["betrag"].to_list()[:2] == [8165.78, 12.5]


def test_a_sum_of_three_gets_its_missing_one_back():
    rows = [(10 + i % 7, 20 + i % 5, 30 + i % 3) for i in range(60)]
    table = pl.DataFrame(
        {
            "test1": [str(a) for a, _, _ in rows],
            "test2": ["N/A" if i == 4 else str(b) for i, (_, b, _) in enumerate(rows)],
            "test3": [str(c) for _, _, c in rows],
            "total": ["N/A" if i == 9 else str(a + b + c) for i, (a, b, c) in enumerate(rows)],
        }
    )
    cleaned, _, _ = clean(table)
    assert cleaned["test2"][4] == rows[4][1]
    assert cleaned["total"][9] == sum(rows[9])
