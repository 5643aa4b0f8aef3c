"""Repair benchmark: what an agent repairs of a dirty table, scored against a clean one aligned by position.

Cells are compared as text after collapsing white space. The agent works on typed values; a cell whose value it did not
change is written as it was read, a changed one in the style that its column is mostly written in.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from oreflow.agent import Agent
from oreflow.errors import SourceError
from oreflow.measures.dates import DateStyle
from oreflow.measures.numbers import NumberStyle
from oreflow.measures.profile import profile_column
from oreflow.recipe import FittedStep, apply_eager
from oreflow.roles import guess_roles
from oreflow.rollout import rollout
from oreflow.tables import as_text, changed_cells, data_columns, with_marks, with_row_ids
from oreflow.workbench import TableBench

MakeAgent = Callable[[str], Agent]
PARSES = frozenset({"parse_number", "parse_date", "parse_boolean", "cast_type", "convert_units"})


@dataclass(frozen=True)
class RepairScore:
    """Counts of cells; precision, recall and F1 follow the Raha/Baran definitions."""

    table: str
    rows: int
    columns: int
    errors: int
    changed: int
    detected: int
    repaired: int
    broken: int
    right: int
    seconds: float

    @property
    def detection(self) -> tuple[float, float, float]:
        """Precision, recall, F1 of "this cell is wrong", said by changing it."""
        return _f1(self.detected, self.changed, self.errors)

    @property
    def repair(self) -> tuple[float, float, float]:
        """Precision, recall, F1 of the right value."""
        return _f1(self.repaired, self.changed, self.errors)

    @property
    def broken_share(self) -> float:
        """Right cells made wrong, 0–1 of the right cells."""
        return self.broken / self.right if self.right else 0.0


def _f1(hits: int, said: int, true: int) -> tuple[float, float, float]:
    precision, recall = hits / said if said else 0.0, hits / true if true else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def find_pairs(folder: Path) -> list[Path]:
    """The folders at or below `folder` that hold a dirty.csv and a clean.csv."""
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; name one that holds dirty.csv and clean.csv, or folders that do.")
    found = sorted(p.parent for p in folder.rglob("dirty.csv") if (p.parent / "clean.csv").is_file())
    if not found:
        raise SourceError(f"{folder} holds no pair of dirty.csv and clean.csv, at any depth.")
    return found


def score_pair(folder: Path, make_agent: MakeAgent) -> RepairScore:
    """Let the agent repair `dirty.csv` and compare with `clean.csv`."""
    started = datetime.now(UTC)
    dirty, clean = (_read(folder / name) for name in ("dirty.csv", "clean.csv"))
    if dirty.shape != clean.shape:
        raise SourceError(
            f"{folder}: dirty is {dirty.shape}, clean is {clean.shape}; a pair must be aligned by position."
        )
    repaired = repair(dirty, make_agent)
    seconds = (datetime.now(UTC) - started).total_seconds()
    return _compare(folder.name, dirty, repaired, clean, seconds)


def repair(dirty: pl.DataFrame, make_agent: MakeAgent) -> pl.DataFrame:
    """The dirty text table as the agent's recipe leaves it, cell for cell, as text."""
    frame = with_row_ids(dirty)
    bench = TableBench(
        frame, roles=guess_roles(dirty), keep=dirty.columns, steps=10 * dirty.width + 400, today=date.today()
    )
    rollout(make_agent("clean"), bench, max_steps=10 * dirty.width + 400, now=lambda: datetime.now(UTC))
    return written(with_marks(frame), bench.steps).select(dirty.columns)


def _read(path: Path) -> pl.DataFrame:
    """Plain csv as text, by position: short records are filled up with empty cells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *records = csv.reader(file)
    width = len(header)
    columns = [[(record[i] or None) if i < len(record) else None for record in records] for i in range(width)]
    names = [f"{name}_{i}" if name in header[:i] or not name else name for i, name in enumerate(header)]
    return pl.DataFrame(dict(zip(names, columns, strict=True)), schema=dict.fromkeys(names, pl.String))


def written(frame: pl.DataFrame, steps: list[FittedStep]) -> pl.DataFrame:
    """Replay the steps, and write each cell that a step gave another value in its column's style."""
    first, texts = frame, {name: frame.get_column(name) for name in data_columns(frame.columns)}
    for step in steps:
        after = apply_eager(step, frame)
        for column in step.operation.touches(frame.columns):
            if column in after.columns and column in texts:
                texts[column] = _rewrite(texts[column], step, frame, after, first.get_column(column))
        frame = after
    return pl.DataFrame(list(texts.values()))


def _rewrite(
    text: pl.Series, step: FittedStep, before: pl.DataFrame, after: pl.DataFrame, first: pl.Series
) -> pl.Series:
    column = text.name
    cells = changed_cells(before, after, column)
    if cells.height == 0:
        return text
    if step.operation.verb() in PARSES:
        cells = _only_repairs(cells, before.get_column(column))
    new = _in_style(cells.get_column("new"), first)
    wrote = pl.DataFrame(
        {"_row_id": cells.get_column("_row_id"), "new": new, "hit": [True] * cells.height},
        schema_overrides={"hit": pl.Boolean},
    )
    joined = pl.DataFrame({"_row_id": before.get_column("_row_id"), "text": text}).join(
        wrote, on="_row_id", how="left", maintain_order="left"
    )
    return joined.select(
        pl.when(pl.col("hit").fill_null(False)).then(pl.col("new")).otherwise(pl.col("text")).alias(column)
    ).to_series()


def _only_repairs(cells: pl.DataFrame, column: pl.Series) -> pl.DataFrame:
    """Of the cells that a parse changed: those it could not read, and those whose marks differ within the column."""
    unread = pl.col("new").is_null()
    profile = profile_column(column)
    if profile.numbers and profile.numbers.share >= 0.8 and _uneven_marks(profile.numbers):
        return cells
    if (
        profile.dates
        and profile.dates.share >= 0.8
        and 0 < 1 - profile.dates.formats[0][1] / profile.dates.share <= 0.1
    ):
        return _in_first_format(cells, profile.dates)
    return cells.filter(unread)


def _uneven_marks(style: NumberStyle) -> bool:
    """Some cells carry a mark and some do not, or one unit is spelt several ways, and no way is that of most cells."""
    commonest = max(style.marks.values(), default=0)
    if commonest > 0.5 * (sum(style.marks.values()) + style.unmarked):
        return False  # most cells are written one way: that is the column's style, not a fault
    return len(style.marks) > 1 or (bool(style.marks) and style.unmarked > 0)


def _in_first_format(cells: pl.DataFrame, style: DateStyle) -> pl.DataFrame:
    """Dates in the column's commonest format; the cells that were written so already are left alone."""
    pattern = style.formats[0][0]
    day = pl.col("new").str.to_datetime("%Y-%m-%d %H:%M:%S" if style.has_time else "%Y-%m-%d", strict=False)
    again = day.dt.strftime(pattern)
    return cells.with_columns(again.alias("new")).filter(pl.col("new").ne_missing(pl.col("old")))


def _in_style(new: pl.Series, column: pl.Series) -> pl.Series:
    """Numbers in the fifteen digits that every double keeps; whole ones with the `.0` their column mostly has."""
    noisy = new.str.contains(r"^-?\d*\.\d{15,}$").fill_null(False)
    if noisy.any():
        new = pl.Series(
            new.name, [f"{float(v):.15g}" if is_noisy else v for v, is_noisy in zip(new, noisy, strict=True)]
        )
    numbers = column.drop_nulls()
    pointed = int(numbers.str.contains(r"^-?\d+\.0$").sum() or 0)
    whole = int(numbers.str.contains(r"^-?\d+$").sum() or 0)
    if pointed <= whole:
        return new
    is_whole = pl.col("n").str.contains(r"^-?\d+$")
    return new.to_frame("n").select(pl.when(is_whole).then(pl.col("n") + ".0").otherwise(pl.col("n"))).to_series()


def _compare(
    name: str, dirty: pl.DataFrame, repaired: pl.DataFrame, clean: pl.DataFrame, seconds: float
) -> RepairScore:
    counts = dict.fromkeys(("errors", "changed", "detected", "repaired", "broken", "right"), 0)
    for index in range(dirty.width):
        was, now, truth = (_collapsed(frame.to_series(index)) for frame in (dirty, repaired, clean))
        wrong, changed, good = was != truth, now != was, now == truth
        counts["errors"] += int(wrong.sum())
        counts["right"] += int((~wrong).sum())
        counts["changed"] += int(changed.sum())
        counts["detected"] += int((changed & wrong).sum())
        counts["repaired"] += int((changed & wrong & good).sum())
        counts["broken"] += int((changed & ~wrong).sum())
    return RepairScore(table=name, rows=dirty.height, columns=dirty.width, seconds=seconds, **counts)


def _collapsed(column: pl.Series) -> pl.Series:
    return as_text(column).fill_null("").str.replace_all(r"\s+", " ").str.strip_chars()
