"""Edits and votes: for every run, each changed cell with its reason, and each labeling function's vote.

Parts are written once, under the run's own folder: runs never wait for one another, and history is never rewritten.
A run that was refused keeps its edits too: they tell what it would have done; the ledger tells what became of it.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from oreflow.errors import InfrastructureError, UnknownName
from oreflow.tables import ROW_ID
from warehouse.files import appearing
from warehouse.places import check_part

EDIT_COLUMNS: dict[str, pl.DataType] = {
    "run": pl.String(),
    "layer": pl.String(),
    "step": pl.Int32(),
    "operation": pl.String(),
    "meaning": pl.String(),
    "reason": pl.String(),
    ROW_ID: pl.Int64(),
    "column": pl.String(),
    "old": pl.String(),
    "new": pl.String(),
}


class EditLog:
    """Every changed cell: who changed what into what, and why."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "edits"

    def append(self, run: str, frame: pl.DataFrame | pl.LazyFrame) -> int:
        """Add a run's edits as one part and return how many; `run` need not be a column, the others must be."""
        shaped = _shaped(run, frame.lazy())
        target = self.folder / f"run={check_part('run', run)}" / f"part-{_order(self.folder, run)}.parquet"
        with appearing(target) as draft:
            shaped.sink_parquet(draft, compression="zstd")
            count: int = pl.scan_parquet(draft, glob=False).select(pl.len()).collect().item()
        return count

    def read(
        self, run: str | Sequence[str] | None = None, *, column: str | None = None, row_id: int | None = None
    ) -> pl.LazyFrame:
        """The edits of one run, of several, or of all, in the order in which they were written."""
        frame = _scan(self._parts(run), EDIT_COLUMNS)
        if column is not None:
            frame = frame.filter(pl.col("column") == column)
        return frame if row_id is None else frame.filter(pl.col(ROW_ID) == row_id)

    def runs(self) -> list[str]:
        """The runs that left edits."""
        return sorted(p.name.removeprefix("run=") for p in self.folder.glob("run=*"))

    def _parts(self, run: str | Sequence[str] | None) -> list[Path]:
        chosen = self.runs() if run is None else [run] if isinstance(run, str) else run
        return [part for name in chosen for part in sorted((self.folder / f"run={name}").glob("part-*.parquet"))]


class Votes:
    """The labeling functions' votes and each row's probability of damage, one file per run."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "votes"

    def save(self, run: str, frame: pl.DataFrame | pl.LazyFrame) -> Path:
        """Keep a run's votes: `_row_id`, one column per function, whatever else the caller keeps with them."""
        target = self._path(run)
        with appearing(target) as draft:
            frame.lazy().sink_parquet(draft, compression="zstd")
        return target

    def read(self, run: str) -> pl.LazyFrame:
        """A run's votes."""
        if not self._path(run).is_file():
            known = (p.stem.removeprefix("run=") for p in self.folder.glob("run=*.parquet"))
            raise UnknownName("votes of run", run, known)
        return pl.scan_parquet(self._path(run), glob=False)

    def _path(self, run: str) -> Path:
        return self.folder / f"run={check_part('run', run)}.parquet"


def _shaped(run: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    given = frame.collect_schema().names()
    missing = [name for name in EDIT_COLUMNS if name not in given and name != "run"]
    if missing:
        raise InfrastructureError(f"edits without {', '.join(missing)} can't be logged; give every column.")
    return frame.with_columns(run=pl.lit(run)).select(pl.col(n).cast(t) for n, t in EDIT_COLUMNS.items())


def _order(folder: Path, run: str) -> str:
    count = sum(1 for _ in (folder / f"run={run}").glob("part-*.parquet"))
    return f"{count:05d}-{uuid.uuid4().hex[:8]}"


def _scan(parts: list[Path], schema: dict[str, pl.DataType]) -> pl.LazyFrame:
    if not parts:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(parts, glob=False, hive_partitioning=False)
