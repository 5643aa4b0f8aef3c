"""Dependencies: which column determines which, measured on groups of equal values.

The strength of A → B is its purity (the share of rows, in groups of two or more equal A, that hold the group's most
frequent B) compared with what the same groups would show by chance.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

SCREEN_ROWS = 6_000
MOST_COLUMNS = 60
LEAST_RAW_GAIN = 0.3
Codes = NDArray[np.int64]


class Dependency(BaseModel):
    """`determinant` → `dependent`. All shares are 0–1."""

    model_config = ConfigDict(frozen=True)

    determinant: str
    dependent: str
    purity: float
    chance: float
    support: float
    groups: int
    pure_groups: float

    @property
    def gain(self) -> float:
        """How much of the impurity that chance would leave is gone; 1 for a perfect dependency."""
        return 1.0 - (1.0 - self.purity) / max(1e-9, 1.0 - self.chance)


def encode(column: pl.Series) -> Codes:
    """Dense codes 0…k-1 of the values, -1 for null."""
    text = column.cast(pl.String) if column.dtype != pl.String else column
    ranks = text.rank("dense").cast(pl.Int64).fill_null(0)
    return ranks.to_numpy() - 1


def purity(a: Codes, b: Codes, *, forgive_slips: bool = True) -> tuple[float, int, int, float]:
    """(purity, rows in groups of two or more, number of such groups, share of them that hold a single b).

    With `forgive_slips`, values ten times rarer in the column than their group's top value do not count against it.
    """
    both = (a >= 0) & (b >= 0)
    if not both.any():
        return 0.0, 0, 0, 0.0
    width = int(b.max()) + 1
    pairs, counts = np.unique(a[both] * width + b[both], return_counts=True)
    owner = pairs // width
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    top = np.maximum.reduceat(counts, starts)
    if forgive_slips:
        counts = _without_slips(pairs % width, counts, starts, top, np.bincount(b[both], minlength=width))
    size = np.add.reduceat(counts, starts)
    several = size >= 2
    rows = int(size[several].sum())
    if rows == 0:
        return 0.0, 0, 0, 0.0
    kinds = np.add.reduceat((counts > 0).astype(np.int64), starts)
    return float(top[several].sum() / rows), rows, int(several.sum()), float((kinds[several] == 1).mean())


def _without_slips(values: Codes, counts: Codes, starts: Codes, top: Codes, totals: Codes) -> Codes:
    """Counts with those set to 0 whose value is ten times rarer in the whole column than its group's top value."""
    sizes = np.diff(np.r_[starts, len(counts)])
    is_top = counts == np.repeat(top, sizes)
    top_total = np.maximum.reduceat(np.where(is_top, totals[values], 0), starts)
    slips = ~is_top & (10 * totals[values] <= np.repeat(top_total, sizes))
    return np.where(slips, 0, counts)


def dependencies(
    table: pl.DataFrame, *, columns: Sequence[str] | None = None, least_gain: float = 0.45
) -> list[Dependency]:
    """Every A → B between columns of `table` that is far purer than chance, strongest first.

    Screened on the first rows, confirmed on all. Columns that never repeat determine nothing that could be checked.
    """
    names = _worth_testing(table, columns or table.columns)
    screen = table.head(SCREEN_ROWS)
    codes = {name: encode(screen.get_column(name)) for name in names}
    rng = np.random.default_rng(0)
    shuffled = {name: rng.permutation(code) for name, code in codes.items()}
    found = []
    for a in names:
        for b in names:
            if a != b:
                dependency = _measure(a, b, codes[a], codes[b], shuffled[b])
                if dependency is not None and dependency.gain >= least_gain:
                    found.append(dependency)
    if table.height > SCREEN_ROWS:
        found = _confirm(table, found, least_gain)
    return sorted(found, key=lambda d: (-d.gain, -d.support, d.determinant, d.dependent))


def _measure(a: str, b: str, code_a: Codes, code_b: Codes, shuffled_b: Codes) -> Dependency | None:
    share, rows, groups, pure = purity(code_a, code_b)
    if groups < 3 or rows < 0.2 * len(code_a):
        return None
    chance, *_ = purity(code_a, shuffled_b)
    if _gain_with_slips(code_a, code_b, shuffled_b) < LEAST_RAW_GAIN:
        return None
    return Dependency(
        determinant=a,
        dependent=b,
        purity=share,
        chance=chance,
        support=rows / len(code_a),
        groups=groups,
        pure_groups=pure,
    )


def _gain_with_slips(code_a: Codes, code_b: Codes, shuffled_b: Codes) -> float:
    """The gain when nothing is forgiven: where one value rules the column, every group has its top by chance."""
    share, *_ = purity(code_a, code_b, forgive_slips=False)
    chance, *_ = purity(code_a, shuffled_b, forgive_slips=False)
    return 1.0 - (1.0 - share) / (1.0 - chance) if chance < 1.0 else 0.0


def _confirm(table: pl.DataFrame, found: list[Dependency], least_gain: float) -> list[Dependency]:
    names = {name for d in found for name in (d.determinant, d.dependent)}
    codes = {name: encode(table.get_column(name)) for name in names}
    rng = np.random.default_rng(1)
    shuffled = {name: rng.permutation(code) for name, code in codes.items()}
    again = (
        _measure(d.determinant, d.dependent, codes[d.determinant], codes[d.dependent], shuffled[d.dependent])
        for d in found
    )
    return [d for d in again if d is not None and d.gain >= least_gain]


def _worth_testing(table: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Columns with at least two values that repeat; the ones with the fewest values first, `MOST_COLUMNS` at most."""
    kept = []
    for name in columns:
        column = table.get_column(name)
        if column.dtype.is_float() and column.n_unique() > 200:
            continue
        present = column.len() - column.null_count()
        distinct = column.drop_nulls().n_unique()
        if present >= 10 and 2 <= distinct <= 0.95 * present:
            kept.append((distinct, name))
    chosen = {name for _, name in sorted(kept)[:MOST_COLUMNS]}
    return [name for name in columns if name in chosen]
