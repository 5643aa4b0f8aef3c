"""Claims about numbers: signs and bounds that a role implies, and values far from all others of the column."""

import narwhals as nw

from oreflow.labeling import NUMBER_ROLES, ColumnProfile, labels, no_opinion

NUMBERS = tuple(sorted(NUMBER_ROLES))
SIZES = ("amount", "price", "quantity", "duration", "distance")
SENTINELS = (-99999.0, -9999.0, -999.0, -99.0, -1.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0, 99999999.0)
ENOUGH = 50


@labels(role=NUMBERS, reads="text", needs="profile", precision=0.9)
def number_without_digits(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where a number is meant, a word is damage, unless one cell in ten holds it: then it has a meaning."""
    usual = [value for value, count in profile.frequent.items() if count >= 0.1 * profile.count]
    wordless = ~cell.str.contains(r"\d")
    return wordless & ~cell.is_in(usual) if usual else wordless


@labels(role=NUMBERS, reads="text", needs="profile", precision=0.85)
def number_with_letters(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A letter among the digits of a number, where the column has none elsewhere, is a slip."""
    if profile.count < ENOUGH or profile.with_letters > 0.1:
        return no_opinion()
    return cell.str.contains(r"\d\p{L}|\p{L}\d")


@labels(role=NUMBERS, precision=0.97)
def number_beyond_all_sizes(cell: nw.Expr) -> nw.Expr:
    """Infinity and numbers of sixteen digits are no measurements."""
    return cell.abs() >= 1e16


@labels(role=("duration", "distance", "price"), precision=0.95)
def size_below_zero(cell: nw.Expr) -> nw.Expr:
    """A duration, a distance or a price is not negative."""
    return cell < 0


@labels(role=("amount", "quantity", "percent", "score", "level"), needs="profile", precision=0.9)
def negative_among_positives(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where at least 99 in 100 numbers are not negative, a negative one is damage."""
    if profile.count < ENOUGH or profile.low is None or profile.low < 0:
        return no_opinion()
    return cell < 0


@labels(role="age", precision=0.97)
def age_out_of_range(cell: nw.Expr) -> nw.Expr:
    """People are between 0 and 120 years old."""
    return ~cell.is_between(0, 120)


@labels(role="percent", needs="profile", precision=0.9)
def percent_over_a_hundred(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where at least 99 in 100 shares lie between 0 and 100, one above 100 is damage."""
    if profile.count < ENOUGH or profile.low is None or profile.high is None or profile.low < 0 or profile.high > 100:
        return no_opinion()
    return cell > 100


@labels(role="percent", needs="profile", precision=0.9)
def share_over_one(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where at least 99 in 100 shares lie between 0 and 1, one above 1 is on another scale."""
    if profile.count < ENOUGH or profile.low is None or profile.high is None or profile.low < 0 or profile.high > 1:
        return no_opinion()
    return cell > 1


@labels(role=("score", "level"), needs="profile", precision=0.85)
def score_on_another_scale(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A score more than twice the highest usual one is on another scale."""
    if profile.count < ENOUGH or profile.high is None or profile.high <= 0:
        return no_opinion()
    return cell > 2 * profile.high


@labels(role=SIZES, needs="profile", precision=0.8)
def size_far_from_all_others(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """A number two decades from the middle, and ten times further than most, has slipped digits."""
    if profile.count < ENOUGH or profile.median_log is None or profile.spread_log is None or not profile.spread_log:
        return no_opinion()
    distance = ((cell.abs() + 1.0).log(10) - profile.median_log).abs()
    return (cell != 0) & (distance > max(2.0, 10 * profile.spread_log))


@labels(role=(*SIZES, "score", "level", "percent", "age"), needs="profile", precision=0.85)
def number_that_stands_for_none(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """-1, 999, 9999 and their like stand for "no number" where no other number comes near."""
    if profile.count < ENOUGH or profile.low is None or profile.high is None:
        return no_opinion()
    reach = profile.high - profile.low
    return cell.is_in(SENTINELS) & ((cell > profile.high + 2 * reach) | ((cell < 0) & (profile.low >= 0)))


@labels(role=("quantity", "score", "level", "age"), needs="profile", precision=0.75)
def fraction_among_whole_numbers(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where at least 99 in 100 numbers are whole, one with a fraction is odd."""
    if profile.count < ENOUGH or profile.whole < 0.99:
        return no_opinion()
    return cell % 1 != 0
