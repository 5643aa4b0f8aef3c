"""Claims about identifiers, keys and codes: most of them compare a cell with how the column usually looks."""

import narwhals as nw

from oreflow.labeling import ColumnProfile, labels, no_opinion, shape_of

NAMES = ("id", "key")
ALMOST_ALL = 0.98


@labels(role=NAMES, reads="number", precision=0.9)
def identifier_below_zero(cell: nw.Expr) -> nw.Expr:
    """An identifier is not negative."""
    return cell < 0


@labels(role=NAMES, reads="number", precision=0.95)
def identifier_with_a_fraction(cell: nw.Expr) -> nw.Expr:
    """An identifier that is a number is a whole one."""
    return (cell.abs() < 1e15) & (cell % 1 != 0)


@labels(role=NAMES, needs="profile", precision=0.85)
def identifier_of_another_shape(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where nearly all identifiers are built alike, one that is built otherwise is damaged."""
    common = [shape for shape, share in profile.shapes.items() if share >= 0.005]
    if profile.count < 50 or sum(profile.shapes[s] for s in common[:2]) < ALMOST_ALL:
        return no_opinion()
    return ~shape_of(cell).is_in(common)


@labels(role="id", reads="raw", precision=0.9)
def identifier_with_spaces_inside(cell: nw.Expr) -> nw.Expr:
    """A tab, a line break or two spaces do not stand inside an identifier."""
    return cell.str.strip_chars().str.contains(r"[\t\r\n]|  ")
