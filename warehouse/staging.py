"""Staging: where a run writes a table before it is published; no reader looks there.

Parts are parquet files in the shape that the Delta table takes, so that publishing moves them and rewrites nothing.
The digest is a sum over row hashes: the same rows have the same digest however they were cut into parts.
"""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from oreflow.errors import InfrastructureError
from warehouse.delta import Part
from warehouse.places import STAGING, check_part
from warehouse.storing import Stored, assign, storable, to_files, to_readers

SEEDS = (11, 12)  # two sums of 64 bits: a chance meeting of digests is out of reach
ROW_GROUP = 250_000


@dataclass
class Staging:
    """One table as one run wants it. `table` is the table's own name; `side` names a table beside it."""

    folder: Path
    layer: str
    domain: str
    table: str
    run: str
    side: str | None = None
    parts: list[Part] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    sums: tuple[int, ...] = (0,) * len(SEEDS)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def name(self) -> str:
        """The table's name in its layer."""
        return f"{self.table}__{self.side}" if self.side else self.table

    @property
    def rows(self) -> int:
        """Rows staged so far."""
        return sum(part.rows for part in self.parts)

    @property
    def digest(self) -> str:
        """The content's name: equal rows, columns and types have equal digests."""
        shape = [(c.name, c.physical, str(c.dtype)) for c in self.stored]
        return hashlib.sha256(json.dumps([shape, self.rows, self.sums]).encode()).hexdigest()

    def write(self, part: pl.DataFrame) -> None:
        """Add rows from memory; the first part sets the columns, and an empty one leaves an empty table."""
        frame = self._shaped(part.lazy()).collect()
        path = self._new_path()
        frame.write_parquet(path, compression="zstd", row_group_size=ROW_GROUP)
        self._keep(path, frame.lazy())

    def sink(self, frame: pl.LazyFrame) -> None:
        """Add the rows of a lazy frame without ever holding them all."""
        sink_together([(self, frame)])

    def scan(self) -> pl.LazyFrame:
        """The staged rows, in order."""
        if not self.parts:
            raise InfrastructureError(
                f"nothing is staged for {self.layer}/{self.domain}/{self.name}; write to it first."
            )
        schema = {c.physical: c.dtype for c in self.stored}
        return to_readers(pl.scan_parquet([p.path for p in self.parts], schema=schema, glob=False), self.stored)

    def _shaped(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        frame = storable(frame)
        schema = frame.collect_schema()
        if not schema:
            raise InfrastructureError(
                f"a table needs a column; {self.layer}/{self.domain}/{self.name} would have none."
            )
        if not self.stored:
            self.stored = assign(schema)
        names = [c.name for c in self.stored]
        if set(names) != set(schema.names()) or len(names) != len(schema):
            differing = ", ".join(sorted(set(names) ^ set(schema.names())))
            raise InfrastructureError(f"the parts of {self.layer}/{self.domain}/{self.name} differ in: {differing}.")
        return to_files(frame, self.stored)

    def _new_path(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"part-{next(self._numbers):05d}.parquet"

    def _keep(self, path: Path, frame: pl.LazyFrame) -> None:
        found = frame.select(pl.len().alias("rows"), *(_row_hashes(seed) for seed in SEEDS)).collect(engine="streaming")
        rows, *sums = found.row(0)
        self.sums = tuple((old + new) % 2**64 for old, new in zip(self.sums, sums, strict=True))
        self.parts.append(Part(path, rows))


def sink_together(pairs: Sequence[tuple[Staging, pl.LazyFrame]]) -> None:
    """Sink several frames in one pass: what their plans share (one replay, two outcomes) runs once."""
    paths = [staging._new_path() for staging, _ in pairs]
    sinks = [
        staging._shaped(frame).sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP, lazy=True)
        for (staging, frame), path in zip(pairs, paths, strict=True)
    ]
    pl.collect_all([s for s in sinks if s is not None], engine="streaming")
    for (staging, _), path in zip(pairs, paths, strict=True):
        staging._keep(path, pl.scan_parquet(path, glob=False))


def staging_folder(root: Path, run: str, where: Mapping[str, str] | None = None) -> Path:
    """A run's staging folder, or that of one table in it."""
    folder = root / STAGING / check_part("run", run)
    return folder / where["layer"] / where["domain"] / where["table"] if where else folder


def _row_hashes(seed: int) -> pl.Expr:
    hashes = pl.struct(pl.all()).hash(seed).sum()
    return hashes.fill_null(0).alias(f"sum{seed}")
