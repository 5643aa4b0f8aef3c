"""Arithmetic between number columns: a product or a sum of others that holds in nearly every complete row."""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

TOLERANCE = 0.005
LEAST_ROWS = 20
MOST_COLUMNS = 14
MOST_ADDENDS = 10


class Arithmetic(BaseModel):
    """`result` = `left` × `right`, `left` + `right` or `left` + `right` + `third`.

    `holds` is the share (0–1) of the complete rows that agree.
    """

    model_config = ConfigDict(frozen=True)

    result: str
    kind: Literal["product", "sum"]
    left: str
    right: str
    third: str | None = None
    holds: float
    rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The result and its operands."""
        return tuple(name for name in (self.result, self.left, self.right, self.third) if name)

    def equation(self) -> str:
        """In words."""
        return f"{self.result} = " + (" × " if self.kind == "product" else " + ").join(self.columns[1:])


def arithmetic(table: pl.DataFrame, numbers: dict[str, pl.Series], *, least: float = 0.99) -> list[Arithmetic]:
    """Every product or sum relation between the given number columns (name → Float64 values), surest first.

    A relation counts only where its operands vary and where it says more than "x × 1 = x" or "x + 0 = x".
    """
    names = [n for n, values in numbers.items() if values.drop_nulls().n_unique() >= 2][:MOST_COLUMNS]
    frame = pl.DataFrame({name: numbers[name].cast(pl.Float64) for name in names})
    found = []
    for left, right in combinations(names, 2):
        for result in names:
            if result not in (left, right):
                found.extend(_test(frame, result, left, right, least))
    found.extend(_sums_of_three(frame, names[:MOST_ADDENDS], {a.result for a in found if a.kind == "sum"}, least))
    return sorted(found, key=lambda a: (-a.holds, -a.rows, a.result))


def _sums_of_three(frame: pl.DataFrame, names: Sequence[str], known: set[str], least: float) -> list[Arithmetic]:
    """Sums of three addends, for results that are no sum of two."""
    found = []
    screen = frame.head(600)
    for terms in combinations(names, 3):
        for result in names:
            if result in terms or result in known:
                continue
            agrees = (pl.sum_horizontal(terms) - pl.col(result)).abs() <= TOLERANCE * pl.col(result).abs().clip(1.0)
            telling = pl.all_horizontal([pl.col(term) != 0 for term in terms])
            small = screen.select(result, *terms).drop_nulls()
            if small.height < LEAST_ROWS or _share(small, agrees, telling) < least:
                continue  # most combinations end here, before the whole table is looked at
            complete = frame.select(result, *terms).drop_nulls()
            holds = _share(complete, agrees, telling)
            if holds >= least:
                a, b, c = terms
                found.append(
                    Arithmetic(result=result, kind="sum", left=a, right=b, third=c, holds=holds, rows=complete.height)
                )
    return found


def _test(frame: pl.DataFrame, result: str, left: str, right: str, least: float) -> list[Arithmetic]:
    a, b, c = pl.col(left), pl.col(right), pl.col(result)
    complete = frame.select(a, b, c).drop_nulls()
    if complete.height < LEAST_ROWS:
        return []
    small = complete.head(2000)
    found: list[Arithmetic] = []
    kinds: Sequence[tuple[Literal["product", "sum"], pl.Expr, pl.Expr]] = (
        ("product", a * b, (a.abs() != 1) & (b.abs() != 1) & (c != 0)),
        ("sum", a + b, (a != 0) & (b != 0)),
    )
    for kind, value, telling in kinds:
        agrees = (value - c).abs() <= TOLERANCE * c.abs().clip(1.0)
        if _share(small, agrees, telling) >= least and (holds := _share(complete, agrees, telling)) >= least:
            found.append(
                Arithmetic(result=result, kind=kind, left=left, right=right, holds=holds, rows=complete.height)
            )
    return found


def _share(frame: pl.DataFrame, agrees: pl.Expr, telling: pl.Expr) -> float:
    """The share of the telling rows that agree; 0 where fewer than ten rows tell anything."""
    rows = frame.filter(telling)
    return float(rows.select(agrees.mean()).item() or 0.0) if rows.height >= 10 else 0.0
