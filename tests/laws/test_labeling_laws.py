"""Laws of labeling functions: each votes on what it claims, abstains on nothing to see, and never raises."""

import datetime as dt
import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest

from oreflow.labeling import ANY, LabelingFunction, Votes, discover, vote

DAY, LATER = dt.date(2024, 5, 1), dt.date(2024, 5, 9)
MOMENT = dt.datetime(2024, 5, 1, 10, 30)
USUAL = 400

# function → (role or column name → usual cells), (role or column name → a damaged cell)
CASES: dict[str, tuple[dict[str, list[Any]], dict[str, Any]]] = {
    "identifier_below_zero": ({"id": [1, 2]}, {"id": -5}),
    "identifier_with_a_fraction": ({"id": [1.0, 2.0]}, {"id": 2.5}),
    "identifier_of_another_shape": ({"id": ["INC001", "INC002"]}, {"id": "INC-1-2"}),
    "identifier_with_spaces_inside": ({"id": ["INC 001", "INC002"]}, {"id": "INC  001"}),
    "email_without_at": ({"email": ["a@b.de", "c.d@e.org"]}, {"email": "a.b.de"}),
    "email_with_two_ats": ({"email": ["a@b.de"]}, {"email": "a@@b.de"}),
    "email_with_spaces": ({"email": ["a@b.de "]}, {"email": "a b@b.de"}),
    "email_without_a_domain": ({"email": ["a@b.de"]}, {"email": "a@b"}),
    "email_without_a_name": ({"email": ["a@b.de"]}, {"email": "@b.de"}),
    "email_with_odd_characters": ({"email": ["a@b.de", "o'neill@b.de"]}, {"email": "a,c@b.de"}),
    "phone_with_letters": ({"phone": ["205-325-8100", "205 325 8100 ext. 7"]}, {"phone": "205-325-81OO"}),
    "phone_with_too_few_digits": ({"phone": [2053258100]}, {"phone": 205}),
    "phone_with_too_many_digits": ({"phone": ["+49 30 1234567"]}, {"phone": "1234567890123456"}),
    "phone_of_one_digit": ({"phone": ["205-325-8100"]}, {"phone": "000-000-0000"}),
    "url_with_spaces": ({"url": ["http://a.de/x"]}, {"url": "http://a.de/x y"}),
    "url_without_a_host": ({"url": ["http://a.de/x", "www.a.de"]}, {"url": "http:///x"}),
    "date_beyond_any_business": ({"date": [DAY]}, {"date": dt.date(224, 5, 1)}),
    "date_that_stands_for_none": ({"start_date": [DAY, LATER]}, {"start_date": dt.date(1900, 1, 1)}),
    "date_that_the_calendar_lacks": ({"date": ["2024-02-29", "1/2/2024"]}, {"date": "2024-02-30"}),
    "date_without_digits": ({"end_date": ["2024-02-29", "1/2/24"]}, {"end_date": "soon"}),
    "date_far_from_all_others": ({"date": [DAY, LATER]}, {"date": dt.date(1964, 5, 1)}),
    "year_beyond_the_calendar": ({"year": [1999, 2024]}, {"year": 20244}),
    "ends_before_it_starts": ({"start_date": [DAY], "end_date": [LATER]}, {"start_date": LATER, "end_date": DAY}),
    "starts_before_birth": ({"birth_date": [DAY], "start_date": [LATER]}, {"birth_date": LATER, "start_date": DAY}),
    "ends_before_birth": ({"birth_date": [DAY], "end_date": [LATER]}, {"birth_date": LATER, "end_date": DAY}),
    "number_without_digits": ({"amount": ["12.5", "7", "9"]}, {"amount": "ERROR"}),
    "number_with_letters": ({"amount": ["12.5", "700"]}, {"amount": "7O0"}),
    "number_beyond_all_sizes": ({"amount": [12.5]}, {"amount": 1e20}),
    "size_below_zero": ({"price": [12.5, 0.0]}, {"price": -12.5}),
    "negative_among_positives": ({"quantity": [1, 2, 3]}, {"quantity": -2}),
    "age_out_of_range": ({"age": [31, 64]}, {"age": 131}),
    "percent_over_a_hundred": ({"percent": [20.0, 100.0]}, {"percent": 120.0}),
    "share_over_one": ({"percent": [0.2, 1.0]}, {"percent": 20.0}),
    "score_on_another_scale": ({"score": [1, 2, 5]}, {"score": 50}),
    "size_far_from_all_others": ({"amount": [900.0, 1100.0, 1500.0]}, {"amount": 1_100_000.0}),
    "number_that_stands_for_none": ({"score": [1, 2, 5]}, {"score": 999}),
    "fraction_among_whole_numbers": ({"quantity": [1.0, 2.0]}, {"quantity": 1.5}),
    "placeholder_for_a_value": ({"city": ["Berlin", "None"]}, {"city": "N/A"}),
    "spreadsheet_error": ({"city": ["Berlin", "#1"]}, {"city": "#REF!"}),
    "garbled_letters": ({"city": ["Köln", "São Paulo", "Århus"]}, {"city": "KÃ¶ln"}),
    "control_characters": ({"text": ["two\nlines"]}, {"text": "two\x00lines"}),
    "markup_left_in_text": ({"text": ["a < b & c"]}, {"text": "a<br/>b"}),
    "one_sign_over_and_over": ({"text": ["III", "-"]}, {"text": "xxxx"}),
    "spaces_around_a_value": ({"city": ["New York"]}, {"city": " New York"}),
    "another_case_of_a_usual_value": ({"category": ["Sales", "HR"]}, {"category": "SALES"}),
    "misspelling_of_a_usual_value": ({"category": ["Engineering", "Marketing"]}, {"category": "Enginxering"}),
    "digits_among_words": ({"category": ["Sales", "HR"]}, {"category": "42"}),
    "far_longer_than_usual_values": ({"category": ["Sales", "HR"]}, {"category": "Sales and many other words"}),
    "flag_that_is_neither_yes_nor_no": ({"flag": ["Yes", "No"]}, {"flag": "Perhaps"}),
    "flag_beyond_one": ({"flag": [0, 1]}, {"flag": 2}),
    "currency_that_is_no_three_letter_code": ({"currency_code": ["EUR"]}, {"currency_code": "Euro"}),
    "latitude_off_the_globe": ({"latitude": [52.5]}, {"latitude": 95.0}),
    "longitude_off_the_globe": ({"longitude": [152.5]}, {"longitude": 195.0}),
    "on_null_island": ({"latitude": [0.0], "longitude": [13.4]}, {"latitude": 0.0, "longitude": 0.0}),
    "zip_of_another_shape": ({"zip": ["35233", "36301"]}, {"zip": "3523E"}),
    "zip_of_another_length": ({"zip": ["35233", "36301"]}, {"zip": "3523"}),
    "town_with_digits": ({"city": ["Berlin"]}, {"city": "Berl1n"}),
    "country_with_digits": ({"country": ["Peru"]}, {"country": "Per0"}),
    "state_unknown_among_known_ones": ({"state": ["AL", "Texas"]}, {"state": "XX"}),
    "name_with_digits": ({"person_name": ["Ada Long", "Bo Reed"]}, {"person_name": "Ada L0ng"}),
    "name_with_symbols": ({"last_name": ["O'Neill", "Hall-Smith"]}, {"last_name": "O?Neill"}),
    "name_without_letters": ({"first_name": ["Ada"]}, {"first_name": "-"}),
    "name_with_doubled_spaces": ({"person_name": ["Ada Long"]}, {"person_name": "Ada  Long"}),
    "misspelling_of_a_frequent_name": ({"person_name": ["Marion Keller"]}, {"person_name": "Marion Kellxr"}),
    "at_the_company_as_a_child": ({"YearsAtCompany": [5], "age": [30]}, {"YearsAtCompany": 20, "age": 30}),
    "age_outside_working_life": ({"age": [30]}, {"age": 9}),
    "income_of_nothing": ({"MonthlyIncome": [3000]}, {"MonthlyIncome": 0}),
    "satisfaction_off_the_scale": ({"JobSatisfaction": [1, 5]}, {"JobSatisfaction": 6}),
    "performance_off_the_scale": ({"PerformanceRating": [1, 5]}, {"PerformanceRating": 0}),
    "education_off_the_scale": ({"Education": [1, 5]}, {"Education": 9}),
    "hired_as_a_child": (
        {"birth_date": [dt.date(1990, 1, 1)], "start_date": [DAY]},
        {"birth_date": dt.date(2020, 1, 1), "start_date": DAY},
    ),
    "won_without_certainty": ({"Stage": ["Won"], "Probability": [100]}, {"Stage": "Won", "Probability": 40}),
    "lost_with_a_chance": ({"Stage": ["Lost"], "Probability": [0]}, {"Stage": "Lost", "Probability": 40}),
    "deal_of_nothing": ({"Amount": [10.0]}, {"Amount": 0.0}),
    "open_deal_forecast_as_closed": (
        {"Stage": ["Won"], "ForecastCategory": ["Closed"]},
        {"Stage": "Proposal", "ForecastCategory": "Closed"},
    ),
    "closed_deal_still_forecast": (
        {"Stage": ["Won"], "ForecastCategory": ["Closed"]},
        {"Stage": "Lost", "ForecastCategory": "Commit"},
    ),
    "ten_years_in_one_stage": ({"DaysInStage": [10]}, {"DaysInStage": 4000}),
    "completed_below_a_hundred": (
        {"Status": ["Completed"], "CompletionPct": [100]},
        {"Status": "Completed", "CompletionPct": 40},
    ),
    "unstarted_with_progress": (
        {"Status": ["Not Started"], "CompletionPct": [0]},
        {"Status": "Not Started", "CompletionPct": 40},
    ),
    "unstarted_with_hours": (
        {"Status": ["Not Started"], "ActualHours": [0.0]},
        {"Status": "Not Started", "ActualHours": 4.0},
    ),
    "no_work_planned": ({"EstimatedHours": [8.0]}, {"EstimatedHours": 0.0}),
    "booked_far_beyond_the_plan": (
        {"EstimatedHours": [8.0], "ActualHours": [9.0]},
        {"EstimatedHours": 8.0, "ActualHours": 900.0},
    ),
    "waits_for_itself": ({"TaskID": ["T2"], "Dependencies": ["T1"]}, {"TaskID": "T3", "Dependencies": "T3"}),
    "unsolved_with_a_resolution_date": (
        {"Status": ["Closed"], "ResolvedDate": [MOMENT]},
        {"Status": "Open", "ResolvedDate": MOMENT},
    ),
    "unsolved_with_a_resolution": (
        {"Status": ["Closed"], "ResolutionType": ["Workaround"]},
        {"Status": "Open", "ResolutionType": "Workaround"},
    ),
    "escalation_beyond_the_ladder": ({"EscalationLevel": [0, 4]}, {"EscalationLevel": 40}),
    "no_time_allowed": ({"SLATarget": [8]}, {"SLATarget": 0}),
    "a_year_allowed": ({"SLATarget": [8]}, {"SLATarget": 9000}),
    "unsolved_for_ten_years": (
        {"CreatedDate": [MOMENT], "ResolvedDate": [MOMENT]},
        {"CreatedDate": MOMENT, "ResolvedDate": dt.datetime(2044, 1, 1)},
    ),
}  # fmt: skip

POOLS: list[pl.Series] = [
    pl.Series(
        ["", " ", "x", "N/A", "-3", "1,200.50", "2024-02-30", "2024-05-01 10:00", "a@b", "🦆", "\x00", "9" * 400]
    ),
    pl.Series([0.0, -1.5, 1e300, float("nan"), float("inf"), None]),
    pl.Series([0, -1, 2**62, None]),
    pl.Series([DAY, None, dt.date(1, 1, 1)]),
    pl.Series([MOMENT, None]),
    pl.Series([MOMENT, None]).dt.replace_time_zone("UTC"),
    pl.Series([True, False, None]),
    pl.Series(["a", "b", None], dtype=pl.Categorical),
    pl.Series([None, None]),
    pl.Series([dt.timedelta(days=1), None]),
    pl.Series([[1], None]),
]


def names(function: LabelingFunction) -> list[str]:
    """A column for each parameter: named as the role, or as the column that the function asks for."""
    return ["text" if target[0] == ANY else target[0] for target in function.targets]


def ask(function: LabelingFunction, table: pl.DataFrame, **options: Any) -> Votes:
    roles = {name: name for name in table.columns if name.islower() and not name.startswith("_")}
    return vote(table, roles, functions=[function], **options)


def case(function: LabelingFunction) -> pl.DataFrame:
    """Usual rows, a damaged one and an empty one."""
    usual, damaged = CASES[function.name]
    cells = {
        name: [*itertools.islice(itertools.cycle(values), USUAL), damaged[name], None] for name, values in usual.items()
    }
    return pl.DataFrame(cells, strict=False)


every_function = pytest.mark.parametrize("function", discover().values(), ids=lambda f: f.name)


def test_every_function_has_a_case_and_every_case_a_function() -> None:
    assert set(discover()) == set(CASES)


@every_function
def test_a_function_votes_damaged_on_the_damage_it_claims_and_not_on_usual_cells(function: LabelingFunction) -> None:
    votes = ask(function, case(function)).matrix()[:, 0].tolist()
    assert (set(votes[:USUAL]) <= {0, -1}, *votes[USUAL:]) == (True, 1, -1)


@every_function
def test_a_function_abstains_on_empty_cells(function: LabelingFunction) -> None:
    usual = case(function)
    for blank in (None, "", "  "):
        cells = {
            n: pl.Series([blank, blank], dtype=pl.String) if t == pl.String else pl.Series([None, None], dtype=t)
            for n, t in usual.schema.items()
        }
        assert ask(function, pl.DataFrame(cells)).matrix().tolist() == [[-1], [-1]]


@every_function
def test_a_function_never_raises_whatever_the_columns_hold(function: LabelingFunction) -> None:
    for pool in POOLS:
        table = pl.DataFrame({name: pool.alias(name) for name in names(function)})
        for part in (table, table.head(1), table.clear()):
            votes = ask(function, part)
            assert votes.frame.height == part.height
            assert set(np.unique(votes.matrix())) <= {-1, 0, 1}


@every_function
def test_chunks_of_a_table_get_the_votes_of_the_table(function: LabelingFunction) -> None:
    table = case(function)
    whole = ask(function, table)
    chunks = [
        ask(function, table.slice(at, 150), profiles=whole.profiles).matrix() for at in range(0, table.height, 150)
    ]
    assert np.array_equal(np.concatenate(chunks), whole.matrix())


def test_vectorised_votes_equal_snorkels_own_applier_for_every_function() -> None:
    from snorkel.labeling import LabelingFunction as RowFunction
    from snorkel.labeling import PandasLFApplier

    for function in discover().values():
        table = case(function).tail(4)
        whole = ask(function, case(function))

        def row_vote(
            row: Any, function: LabelingFunction = function, table: pl.DataFrame = table, whole: Votes = whole
        ) -> int:
            one = pl.DataFrame({name: table.get_column(name).slice(row["at"], 1) for name in table.columns})
            return int(ask(function, one, profiles=whole.profiles).matrix()[0, 0])

        rows = PandasLFApplier([RowFunction(function.name, row_vote)]).apply(
            pl.DataFrame({"at": range(4)}).to_pandas(), progress_bar=False
        )
        assert rows.tolist() == whole.matrix()[-4:].tolist(), function.name
