"""Claims about people's names."""

import narwhals as nw

from oreflow.labeling import ColumnProfile, labels, no_opinion

NAMES = ("person_name", "first_name", "last_name")


@labels(role=NAMES, needs="profile", precision=0.85)
def name_with_digits(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where 99 in 100 names have no digit, one that has is damaged."""
    if profile.count < 20 or profile.with_digits > 0.01:
        return no_opinion()
    return cell.str.contains(r"\d")


@labels(role=NAMES, precision=0.85)
def name_with_symbols(cell: nw.Expr) -> nw.Expr:
    """Signs such as @ # % * < > or ? are no part of a name."""
    return cell.str.contains(r"[@#$%^*=+<>|~!?{}\[\]\\]")


@labels(role=NAMES, precision=0.9)
def name_without_letters(cell: nw.Expr) -> nw.Expr:
    """A name has at least one letter."""
    return ~cell.str.contains(r"\p{L}")


@labels(role=NAMES, reads="raw", precision=0.75)
def name_with_doubled_spaces(cell: nw.Expr) -> nw.Expr:
    """Two spaces inside a name make it another name when it is compared."""
    return cell.str.contains(r"\S\s{2,}\S")


@labels(role=NAMES, needs="profile", precision=0.8)
def misspelling_of_a_frequent_name(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A rare spelling one slip away from a frequent name of the same column is that name."""
    if not profile.frequent or profile.distinct > 200:
        return no_opinion()
    return cell.is_in(list(profile.misspelt))
