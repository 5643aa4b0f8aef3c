"""Roles: header and cells must agree, and no role is better than a wrong one."""

import datetime as dt

import polars as pl
import pytest

from oreflow.role_clues import CLUES
from oreflow.role_evidence import header_words
from oreflow.roles import ROLES, guess_role, guess_roles, pii_class


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("EmployeeID", ["employee", "id"]),
        ("employee_id", ["employee", "id"]),
        ("Price Per Unit", ["price", "per", "unit"]),
        ("ADEmail", ["ad", "email"]),
        ("SLATarget", ["sla", "target"]),
        ("Währung", ["wahrung"]),
        ("% Sold", ["percent", "sold"]),
        ("", []),
    ],
)
def test_a_header_is_read_word_by_word(name: str, words: list[str]) -> None:
    assert header_words(name) == words


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("EmployeeID", ["E1", "E2", "E3"], "id"),
        ("customer_id", [7, 7, 7, 8], "key"),
        ("contact", ["a@b.de", "c@d.org", "e@f.com"], "email"),
        ("Phone Number", ["205-325-8100", "(205) 838-6000", "2055935150"], "phone"),
        ("First Name", ["Uriah", "Paula", "José"], "first_name"),
        ("Nachname", ["Müller", "Groß", "Weiß"], "last_name"),
        ("Assignee", ["Ada Long", "Bo Reed", "Cy Young-Hall"], "person_name"),
        ("Age", ["31", "45", "N/A", "28"], "age"),
        ("Alter", [31, 45, 28], "age"),
        ("MonthlyIncome", [3000.5, 4100.0], "amount"),
        ("Betrag", ["$1,200.00", "€300", "-20"], "amount"),
        ("Price Per Unit", ["2.0", "ERROR", "3.5"], "price"),
        ("Quantity", ["2", "UNKNOWN", "3"], "quantity"),
        ("CompletionPct", [10.0, 100.0], "percent"),
        ("Score", ["95%", "7%"], "percent"),
        ("DaysInStage", [3, 14], "duration"),
        ("DistanceFromHome", [3, 14], "distance"),
        ("JobSatisfaction", [1, 4, 3], "score"),
        ("EscalationLevel", [0, 2, 4], "level"),
        ("CloseDate", ["2024-01-31", "2024-02-15"], "end_date"),
        ("StartDate", ["20-Sep-19", "11-Feb-23"], "start_date"),
        ("DOB", ["07-10-1969", "30-08-1965"], "birth_date"),
        ("opened_at", ["29/2/2016 01:16", "5/3/2016 12:00"], "start_date"),
        ("Date Reported As Of", ["05/01/2014 12:00:00 AM", "02/01/2015 12:00:00 AM"], "date"),
        ("seen", [dt.datetime(2024, 1, 1, 3, 4), dt.datetime(2024, 1, 2, 5, 6)], "timestamp"),
        ("years", ["2011.0", "2012.0"], "year"),
        ("ZipCode", ["35233", "36301.0", "35957-1234"], "zip"),
        ("lat", [41.88, -33.12], "latitude"),
        ("intptlon", [-83.29, -84.1], "longitude"),
        ("State", ["MA", "TX", "ny"], "state"),
        ("Stadt", ["Berlin", "Köln"], "city"),
        ("currency", ["EUR", "USD"], "currency_code"),
        ("website", ["http://a.com/", "https://b.org/x"], "url"),
        ("Address1", ["1720 university blvd", "1108 ross clark circle"], "address"),
        ("OverTime", ["Yes", "No"] * 10, "flag"),
        ("IsActive", [True, False], "flag"),
        ("Priority", ["P1-Critical", "P2-High"] * 10, "priority"),
        ("RiskFlag", ["High", "Medium", "Low", "None"] * 10, "priority"),
        ("incident_state", ["New", "Closed"] * 10, "status"),
        ("Department", ["Sales", "Human Resources"] * 10, "category"),
    ],
)
def test_a_role_is_found_where_header_and_cells_agree(name: str, cells: list[object], role: str) -> None:
    assert guess_role(name, pl.Series(name, cells)) == role


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("email", ["yes", "no", "maybe"]),
        ("phone_calls", [3, 4, 5]),
        ("Age", ["old", "young"]),
        ("HouseAge", [41.0, 21.0]),
        ("open", [28.05, 27.9]),
        ("state", [1, 2]),
        ("city", [101, 102]),
        ("x", [1142425.3, 1156542.5]),
        ("date", [None, None]),
        ("amount", ["", "N/A"]),
        ("zipcode", [1, 2, 3]),
        ("latitude", [1142425.3, 1156542.5]),
    ],
)
def test_no_role_is_better_than_a_wrong_one(name: str, cells: list[object]) -> None:
    assert guess_role(name, pl.Series(name, cells)) is None


def test_a_table_gets_roles_for_its_data_columns_only() -> None:
    table = pl.DataFrame({"_row_id": [0, 1], "id": [5, 6], "mail": ["a@b.de", "c@d.de"], "z": [0.1, 0.2]})
    assert guess_roles(table) == {"id": "id", "mail": "email"}


@pytest.mark.parametrize("kind", [pl.String, pl.Int64, pl.Float64, pl.Date, pl.Datetime, pl.Boolean, pl.Null])
def test_a_table_without_rows_has_no_roles(kind: type[pl.DataType]) -> None:
    assert guess_roles(pl.DataFrame(schema={"id": kind, "amount": kind})) == {}


def test_every_clue_names_a_role_of_the_vocabulary_and_every_role_can_be_guessed() -> None:
    assert {clue.role for clue in CLUES} == set(ROLES)


def test_only_roles_about_persons_are_personal_data() -> None:
    assert {role: pii_class(role) for role in ("email", "birth_date", "amount")} == {
        "email": "direct",
        "birth_date": "indirect",
        "amount": None,
    }
