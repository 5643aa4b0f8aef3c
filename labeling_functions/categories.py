"""Claims about categories, states of progress, flags and codes: spellings beside the column's usual ones."""

import narwhals as nw

from oreflow.labeling import ColumnProfile, labels, no_opinion

FEW = ("category", "status", "priority", "flag")
YES_NO = ("yes", "no", "y", "n", "true", "false", "t", "f", "0", "1", "ja", "nein", "oui", "non", "si", "sí")


@labels(role=(*FEW, "city", "state", "country"), needs="profile", precision=0.9)
def another_case_of_a_usual_value(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A value that differs from a far more frequent one only in upper and lower case is a slip."""
    spellings: dict[str, dict[str, int]] = {}
    for value, count in profile.frequent.items():
        spellings.setdefault(value.lower(), {})[value] = count
    if not profile.frequent or profile.count < 20:
        return no_opinion()
    usual = [max(group, key=lambda v: group[v]) for group in spellings.values() if max(group.values()) >= 5]
    rivals = [v for group in spellings.values() for v, c in group.items() if c * 10 >= max(group.values())]
    return cell.str.to_lowercase().is_in([v.lower() for v in usual]) & ~cell.is_in([*usual, *rivals])


@labels(role=(*FEW, "city", "state", "country"), needs="profile", precision=0.85)
def misspelling_of_a_usual_value(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A rare spelling one slip away from a frequent value is that value."""
    if not profile.frequent or profile.count < 20:
        return no_opinion()
    return cell.is_in([spelling for spelling in profile.misspelt if not any(sign.isdigit() for sign in spelling)])


@labels(role=FEW, needs="profile", precision=0.85)
def digits_among_words(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where nearly all values are words, one without a letter is damage."""
    if profile.count < 50 or profile.with_letters < 0.99:
        return no_opinion()
    return ~cell.str.contains(r"\p{L}")


@labels(role=FEW, needs="profile", precision=0.8)
def far_longer_than_usual_values(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A category more than three times as long as any frequent value has swallowed other text."""
    usual = [len(value) for value, count in profile.frequent.items() if count >= max(3, 0.005 * profile.count)]
    if not usual or profile.count < 50:
        return no_opinion()
    return cell.str.len_chars() > 3 * max(*usual, 8)


@labels(role="flag", precision=0.85)
def flag_that_is_neither_yes_nor_no(cell: nw.Expr) -> nw.Expr:
    """A flag says yes or no, true or false, 1 or 0."""
    return ~cell.str.to_lowercase().is_in(YES_NO)


@labels(role="flag", reads="number", precision=0.9)
def flag_beyond_one(cell: nw.Expr) -> nw.Expr:
    """A flag that is a number is 0 or 1."""
    return ~cell.is_in([0.0, 1.0])


@labels(role="currency_code", precision=0.9)
def currency_that_is_no_three_letter_code(cell: nw.Expr) -> nw.Expr:
    """A currency code is three capital letters (ISO 4217)."""
    return ~cell.str.contains("^[A-Z]{3}$")
