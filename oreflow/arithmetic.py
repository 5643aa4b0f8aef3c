"""Arithmetic that gives the same cells on every engine: rounding, division.

Engines disagree on halves (Polars: away from zero, Arrow: to even) and on x ÷ 0 (infinity or null); a recipe must not.
"""

import narwhals as nw

NUDGE = 1e-6


def rounded(value: nw.Expr, places: int = 4) -> nw.Expr:
    """Rounded half away from zero.

    The nudge lifts halves that an engine's division left one bit too low; the last `round` meets no halves any more.
    """
    scale = 10.0**places
    size = ((value.abs() * scale + (0.5 + NUDGE)).floor() / scale).round(places)
    return nw.when(value < 0).then(0.0 - size).otherwise(size)


def quotient(top: nw.Expr, bottom: nw.Expr) -> nw.Expr:
    """True division; null where it divides by zero."""
    return nw.when(bottom != 0).then(top / bottom)
