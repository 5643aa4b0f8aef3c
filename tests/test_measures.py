"""Measures: what a column holds, how columns hang together, which spellings are slips."""

import polars as pl
import pytest

from oreflow.measures.arithmetic import arithmetic
from oreflow.measures.composition import compositions, settle
from oreflow.measures.dates import date_style
from oreflow.measures.dependencies import dependencies
from oreflow.measures.numbers import number_style
from oreflow.measures.profile import profile_column
from oreflow.measures.rows import displaced, repeated_keys
from oreflow.measures.tokens import missing_tokens
from oreflow.measures.typos import misspellings


def test_error_is_missing_in_a_price_and_a_level_in_a_log():
    assert missing_tokens({"ERROR": 3, "2.5": 40}, typed_share=0.9) == {"ERROR": 3}
    assert missing_tokens({"ERROR": 3, "INFO": 40, "WARN": 9}, typed_share=0.0) == {}


def test_none_is_a_level_among_levels_and_missing_among_numbers():
    assert missing_tokens({"None": 30, "Low": 40, "High": 20}, typed_share=0.0) == {}
    assert missing_tokens({"None": 3, "1": 40, "2": 20}, typed_share=0.95) == {"None": 3}


def test_na_is_a_code_among_two_letter_codes():
    assert missing_tokens({"NA": 5, "EU": 9, "AS": 7}, typed_share=0.0) == {}
    assert missing_tokens({"NA": 5, "Berlin": 9, "Oslo": 7}, typed_share=0.0) == {"NA": 5}


def test_a_person_called_nan_has_a_name():
    assert missing_tokens({"Nan": 1, "Uriah": 3, "nan": 2}, typed_share=0.0) == {"nan": 2}


def test_a_repeated_sign_is_missing_only_where_it_is_the_exception():
    assert missing_tokens({"***": 3, "L": 40}, typed_share=0.0) == {"***": 3}
    assert missing_tokens({"***": 30, "**": 40, "*": 10}, typed_share=0.0) == {}


@pytest.mark.parametrize(
    ("values", "decimal", "thousands"),
    [
        ({"1,234.50": 1, "12": 1}, ".", ","),
        ({"1.234,50": 1, "12": 1}, ",", "."),
        ({"3,5": 2, "12,25": 1}, ",", None),
        ({"1 234,5": 2, "12": 1}, ",", " "),
        ({"1,234": 2}, ".", ","),
        ({"3.5": 2}, ".", None),
    ],
)
def test_separators_are_read_from_what_the_cells_can_only_mean(values, decimal, thousands):
    style = number_style(values)
    assert (style.decimal, style.thousands, style.share) == (decimal, thousands, 1.0)


def test_a_ticket_number_with_letters_is_no_number():
    assert number_style({"INC0000045": 5, "INC0000047": 2}).share == 0.0


def test_marks_are_counted_and_strange_ones_told_from_units():
    style = number_style({"12.0 oz": 3, "16.0 OZ.": 2, "12 oz. Can": 0, "7 patients": 1})
    assert style.marks == {"oz": 3, "OZ.": 2, "oz. Can": 0, "patients": 1}
    assert style.strange_marks == {"patients"}


def test_dates_are_covered_by_the_fewest_formats_in_the_order_that_the_cells_prove():
    style = date_style({"13/02/2024": 5, "01/02/2024": 5, "2024-03-01": 1})
    assert [f for f, _ in style.formats] == ["%d/%m/%Y", "%Y-%m-%d"]
    assert style.share == 1.0
    assert style.day_month_known


def test_day_and_month_that_cannot_be_told_apart_are_said_to_be():
    assert not date_style({"01/02/2024": 5, "03/04/2024": 5}).day_month_known


def test_every_format_of_a_column_of_many_formats_is_found():
    texts = ["2024-03-01", "13/02/2024", "Mar 04, 2024", "5 Mar 2024", "2024/03/06", "07-Mar-2024"]
    assert date_style(dict.fromkeys(texts, 10)).share == pytest.approx(1.0)


def test_a_rare_spelling_beside_a_frequent_one_is_a_slip():
    column = pl.Series(["North"] * 40 + ["South"] * 40 + ["Nroth", "Souht"])
    assert misspellings(column) == {"Nroth": "North", "Souht": "South"}


def test_rare_but_known_words_are_no_slips():
    column = pl.Series(["Imperial IPA"] * 60 + ["Imperial Stout"] * 3 + ["Russian Stout"] * 40)
    assert misspellings(column) == {}


def test_one_spelling_again_and_again_is_a_value_and_so_is_one_letter_exchanged():
    assert misspellings(pl.Series(["Hotel"] * 300 + ["Motel"] * 7)) == {}
    assert misspellings(pl.Series(["Hotel"] * 300 + ["Motel"])) == {}
    assert misspellings(pl.Series(["Hotel"] * 300 + ["Hotle"])) == {"Hotle": "Hotel"}


def test_codes_that_differ_in_digits_are_two_codes():
    assert misspellings(pl.Series(["Group 56"] * 50 + ["Group 57"] + ["Group 58"] * 30)) == {}


def test_a_natural_long_tail_is_left_alone_even_where_two_names_are_near():
    tail = [f"{a}{b}" for a in ("Ald", "Bor", "Cas", "Dun", "Esk", "Fal") for b in ("by", "ton", "ham", "wick", "ley")]
    column = pl.Series(["Portland"] * 50 + ["Boston"] * 50 + tail + ["Cortland"])
    assert "Cortland" not in misspellings(column)


def test_a_group_that_agrees_says_what_a_masked_code_was():
    codes = pl.Series((["10018"] * 9 + ["1xx18"]) + (["10019"] * 9 + ["100x9"]))
    names = pl.Series(["callahan"] * 10 + ["marshall"] * 10)
    assert misspellings(codes, [names]) == {"1xx18": "10018", "100x9": "10019"}


def test_minority_states_are_no_slips_of_the_state_that_rules_every_group():
    states = (["MA"] * 18 + ["CA", "GA"]) * 10
    bosses = [f"boss {i // 20}" for i in range(200)]
    table = pl.DataFrame({"state": states, "boss": bosses})
    assert [d for d in dependencies(table) if d.dependent == "state"] == []


def test_a_column_that_determines_another_is_found_and_one_that_does_not_is_not():
    table = pl.DataFrame(
        {
            "city": ["Oslo", "Bergen", "Turku"] * 20,
            "country": ["NO", "NO", "FI"] * 20,
            "day": [str(i * 7 % 5) for i in range(60)],
        }
    )
    found = {(d.determinant, d.dependent) for d in dependencies(table)}
    assert ("city", "country") in found
    assert not any("day" in pair for pair in found)


def test_a_product_is_found_and_a_coincidence_is_not():
    quantity = [float(1 + i % 5) for i in range(60)]
    price = [float(2 + i % 4) for i in range(60)]
    table = pl.DataFrame({"quantity": quantity, "price": price, "noise": [float(i * 37 % 11) for i in range(60)]})
    table = table.with_columns(total=pl.col("quantity") * pl.col("price"))
    found = arithmetic(table, {name: table[name] for name in table.columns})
    assert [(a.result, a.kind, {a.left, a.right}) for a in found] == [("total", "product", {"quantity", "price"})]


def test_a_whole_copied_from_another_row_is_settled_by_its_parts():
    names = [f"{letter}ST ROAD {n}" for n in range(3) for letter in "ABCDEFGHIJ"]
    kinds = ["AVE", "ST", "CT", "DR", "WAY"] * 6
    full = [f"{n} {k}" for n, k in zip(names, kinds, strict=True)]
    full[7] = full[0]
    table = pl.DataFrame({"full": full, "name": names, "kind": kinds})
    made = next(c for c in compositions(table, table.columns) if (c.left, c.right) == ("name", "kind"))
    assert settle(list(table.iter_rows()), made) == [
        ((full[0], names[7], kinds[7]), (f"{names[7]} {kinds[7]}", names[7], kinds[7]))
    ]


def test_parts_that_may_have_been_copied_settle_nothing():
    rows = [(f"({i}.5, {i}.25)", f"{i}.5", f"{i}.25") for i in range(30)]
    rows[4] = (rows[4][0], rows[9][1], rows[9][2])
    table = pl.DataFrame(rows, schema=["place", "lat", "lon"], orient="row")
    made = next(c for c in compositions(table, table.columns) if c.left == "lat")
    assert settle(rows, made) == []


def test_a_state_at_the_end_of_the_city_is_found_displaced():
    table = pl.DataFrame(
        {
            "city": ["Denton", "Bend", "Gary"] * 6 + ["Reno NV", "Austin TX", "Waco TX"],
            "state": ["TX", "OR", "NV"] * 6 + [None] * 3,
        }
    )
    assert [(d.column, d.into, d.rows) for d in displaced(table, ["city", "state"])] == [("city", "state", 3)]


def test_repeated_keys_that_contradict_are_counted():
    table = pl.DataFrame({"id": ["a", "a", "b", "b", *"cdefghijkl"], "x": ["1", "1", "2", "3", *"0123456789"]})
    assert [(k.column, k.repeated, k.contradicting) for k in repeated_keys(table, ["id"])] == [("id", 4, 2)]


@pytest.mark.parametrize("cells", [[], [None], [None, None], [""], ["x" * 1_000_000]])
def test_a_profile_of_next_to_nothing_is_a_profile(cells):
    profile = profile_column(pl.Series("c", cells, dtype=pl.String))
    assert profile.rows == len(cells)
    assert all(len(value) <= 80 for value, _ in profile.top)


def test_two_short_words_that_a_group_would_merge_stay_two():
    foods = pl.Series(["Bean"] * 20 + ["Bear"] + ["Wine"] * 20 + ["Vine"] + ["Corn"] * 20)
    shelves = pl.Series(["a"] * 21 + ["b"] * 21 + ["c"] * 20)
    assert misspellings(foods, [shelves]) == {}


def test_a_letter_that_masks_others_everywhere_is_a_slip_in_a_short_code_too():
    states = pl.Series(["al"] * 40 + ["ak"] * 20 + ["xl", "ax"])
    zips = pl.Series(["1"] * 40 + ["2"] * 20 + ["1", "1"])
    assert misspellings(states, [zips]) == {"xl": "al", "ax": "al"}


def test_grades_and_doubts_keep_their_signs():
    grades = pl.Series(["A"] * 40 + ["A-"] * 5 + ["A+"] * 3 + ["B"] * 20)
    assert misspellings(grades) == {}
    assert profile_column(grades).variants == 0
    assert profile_column(pl.Series(["Negative"] * 9 + ["Negative?"])).variants == 0


def test_times_in_another_zone_are_not_read_as_if_they_were_utc():
    assert date_style({"2024-03-10T07:15:00-05:00": 5, "2024-03-10T07:15:00Z": 5}).share < 0.9


def test_a_product_with_exceptions_is_no_law():
    quantity = [float(1 + i % 7) for i in range(200)]
    table = pl.DataFrame({"hours": quantity, "rate": [float(20 + i % 3) for i in range(200)]})
    table = table.with_columns(
        pay=pl.col("hours") * pl.col("rate") * pl.when(pl.int_range(200) % 48 == 0).then(1.5).otherwise(1.0)
    )
    assert arithmetic(table, {name: table[name] for name in table.columns}) == []
