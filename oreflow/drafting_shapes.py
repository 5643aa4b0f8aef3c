"""Shapes: the one pattern that nearly all codes of a column share, such as `EMP-[0-9]{4,}`."""

import re
from collections import Counter

import polars as pl

from oreflow.claims.patterns import whole_cell

SHARE = 0.995
SAMPLE = 2000
MOST_RUNS = 12
_RUN = re.compile(r"[A-Z]+|[a-z]+|[0-9]+|[^A-Za-z0-9]")
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}


def shape_of(cells: pl.Series) -> str | None:
    """A pattern that at least 99.5 % of the cells match, if they are codes: short, with digits, of one build."""
    some = cells.unique(maintain_order=True).head(SAMPLE).to_list()
    runs = [_RUN.findall(cell) for cell in some]
    kinds, count = Counter("".join(map(_kind, parts)) for parts in runs).most_common(1)[0]
    if "9" not in kinds or len(kinds) > MOST_RUNS or " " in kinds or count < SHARE * len(some):
        return None
    alike = [parts for parts in runs if "".join(map(_kind, parts)) == kinds]
    pattern = "^" + "".join(_piece([parts[at] for parts in alike]) for at in range(len(kinds))) + "$"
    share = cells.str.contains(whole_cell(pattern)).mean()
    return pattern if isinstance(share, float) and share >= SHARE else None


def _kind(run: str) -> str:
    first = run[0]
    if first.isascii() and first.isalnum():
        return "9" if first.isdigit() else "A" if first.isupper() else "a"
    return first


def _piece(runs: list[str]) -> str:
    kind = _kind(runs[0])
    if len(set(runs)) == 1 and kind != "9":
        return re.escape(runs[0])
    if kind not in _CLASSES:
        return re.escape(kind)
    lengths = [len(run) for run in runs]
    if kind == "9":
        return f"[0-9]{{{min(lengths)},}}"  # numbers grow
    return f"{_CLASSES[kind]}{{{min(lengths)},{max(lengths)}}}"
