"""Claims of the domain hr: what can't be true of an employee."""

import narwhals as nw

from oreflow.labeling import labels, labels_row

GROWN_UP = 14


@labels_row(("YearsAtCompany", "age"), reads=("number", "number"), precision=0.97, domain="hr")
def at_the_company_as_a_child(years: nw.Expr, age: nw.Expr) -> nw.Expr:
    """Nobody has been at a company for longer than since turning 14."""
    return years > age - GROWN_UP


@labels(role="age", precision=0.9, domain="hr")
def age_outside_working_life(cell: nw.Expr) -> nw.Expr:
    """Employees are between 14 and 90 years old."""
    return ~cell.is_between(GROWN_UP, 90)


@labels_row(("MonthlyIncome",), reads=("number",), precision=0.9, domain="hr")
def income_of_nothing(income: nw.Expr) -> nw.Expr:
    """An employee earns more than nothing."""
    return income <= 0


@labels_row(("JobSatisfaction",), reads=("number",), precision=0.9, domain="hr")
def satisfaction_off_the_scale(rating: nw.Expr) -> nw.Expr:
    """Job satisfaction is rated from 1 to 5."""
    return ~rating.is_between(1, 5)


@labels_row(("PerformanceRating",), reads=("number",), precision=0.9, domain="hr")
def performance_off_the_scale(rating: nw.Expr) -> nw.Expr:
    """Performance is rated from 1 to 5."""
    return ~rating.is_between(1, 5)


@labels_row(("Education",), reads=("number",), precision=0.9, domain="hr")
def education_off_the_scale(level: nw.Expr) -> nw.Expr:
    """Levels of education run from 1 to 5."""
    return ~level.is_between(1, 5)


@labels_row(("birth_date", "start_date"), precision=0.9, domain="hr")
def hired_as_a_child(birth: nw.Expr, start: nw.Expr) -> nw.Expr:
    """Nobody is hired before the year of turning 14."""
    return (start >= birth) & (start.dt.year() - birth.dt.year() < GROWN_UP)
