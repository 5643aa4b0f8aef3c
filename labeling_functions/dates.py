"""Claims about dates and moments, and about dates of one row that contradict each other."""

import datetime as dt

import narwhals as nw

from oreflow.labeling import MOMENT_ROLES, ColumnProfile, labels, labels_row, no_opinion

DATES = tuple(sorted(MOMENT_ROLES))
ISO_DAY = r"^\d{4}-\d{2}-\d{2}([ T]|$)"
_STAND_INS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31", "9999-12-31")
SENTINELS = [dt.datetime.fromisoformat(day) for day in _STAND_INS]


@labels(role=DATES, precision=0.95)
def date_beyond_any_business(cell: nw.Expr) -> nw.Expr:
    """Dates before 1850 or after 2150 are slips of the year."""
    return ~cell.dt.year().is_between(1850, 2150)


@labels(role=DATES, precision=0.75)
def date_that_stands_for_none(cell: nw.Expr) -> nw.Expr:
    """Midnight of 1900-01-01, 1970-01-01, 9999-12-31 and their like is what software writes for "no date"."""
    return cell.is_in(SENTINELS)


@labels(role=DATES, reads="text", precision=0.97)
def date_that_the_calendar_lacks(cell: nw.Expr) -> nw.Expr:
    """There is no month 13, no day 32, no 30 February."""
    impossible = r"^\d{4}-(00|1[3-9]|[2-9]\d)-|^\d{4}-\d{2}-(00|3[2-9]|[4-9]\d)|^\d{4}-(02-3|(04|06|09|11)-31)"
    return cell.str.contains(ISO_DAY) & cell.str.contains(impossible)


@labels(role=DATES, reads="text", precision=0.9)
def date_without_digits(cell: nw.Expr) -> nw.Expr:
    """A date has at least two digits."""
    return ~cell.str.contains(r"\d.*\d")


@labels(role=DATES, needs="profile", precision=0.8)
def date_far_from_all_others(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A date thirty times further from the middle than most, and by years, is a slip."""
    if profile.count < 50 or profile.median_day is None or profile.spread_days is None:
        return no_opinion()
    day = cell.dt.timestamp("ms") / 86_400_000
    return (day - profile.median_day).abs() > max(30 * profile.spread_days, 20 * 365.25)


@labels(role="year", precision=0.9)
def year_beyond_the_calendar(cell: nw.Expr) -> nw.Expr:
    """A year lies between 1000 and 2200 and is whole."""
    return ~cell.is_between(1000, 2200) | (cell % 1 != 0)


@labels_row(("start_date", "end_date"), precision=0.95)
def ends_before_it_starts(start: nw.Expr, end: nw.Expr) -> nw.Expr:
    """Nothing ends on a day before it began."""
    return end.dt.truncate("1d") < start.dt.truncate("1d")


@labels_row(("birth_date", "start_date"), precision=0.95)
def starts_before_birth(birth: nw.Expr, start: nw.Expr) -> nw.Expr:
    """Nobody starts anything before being born."""
    return start < birth


@labels_row(("birth_date", "end_date"), precision=0.95)
def ends_before_birth(birth: nw.Expr, end: nw.Expr) -> nw.Expr:
    """Nothing of a person ends before the person was born."""
    return end < birth
