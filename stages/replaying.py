"""Replaying: a fitted recipe over a whole table in bounded memory, with every changed cell written down.

Row-wise steps run chunk by chunk, so memory does not grow with the table. A step that must see every row (duplicates)
runs lazily between two chunked passes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import narwhals as nw
import polars as pl

from oreflow.engines import from_engine, to_engine
from oreflow.recipe import FittedRecipe, FittedStep, apply_eager
from oreflow.run import CellExample, StepReport
from oreflow.tables import MERGED_INTO, QUARANTINE, ROW_ID, Engine, changed_cells, with_marks

CHUNK_ROWS = 250_000
MOST_EXAMPLES = 8
EDIT_SCHEMA = {
    "layer": pl.String, "step": pl.Int32, "operation": pl.String, "meaning": pl.String, "reason": pl.String,
    ROW_ID: pl.Int64, "column": pl.String, "old": pl.String, "new": pl.String,
}  # fmt: skip
WriteEdits = Callable[[pl.DataFrame], object]


@dataclass
class _Tally:
    """What one step has done so far."""

    step: FittedStep
    columns: set[str] = field(default_factory=set)
    cells: int = 0
    quarantined: int = 0
    merged: int = 0
    examples: list[CellExample] = field(default_factory=list)
    shown: set[tuple[str, str | None]] = field(default_factory=set)


def replay(
    recipe: FittedRecipe,
    table: pl.LazyFrame,
    *,
    folder: Path,
    write_edits: WriteEdits,
    engine: Engine = "polars",
    layer: str = "silver",
) -> tuple[pl.LazyFrame, list[StepReport]]:
    """Apply the recipe; returns the marked table as a scan of parquet parts in `folder`, and a report per step."""
    tallies = [_Tally(step) for step in recipe.steps]
    current = table
    for index, (whole, numbers) in enumerate(_segments(recipe.steps)):
        part = folder / f"pass-{index}"
        part.mkdir(parents=True, exist_ok=True)
        if whole:
            _whole_table([tallies[n] for n in numbers], current, part)
        else:
            _by_chunks([(n, tallies[n]) for n in numbers], current, part, write_edits, engine, layer)
        current = pl.scan_parquet(part / "*.parquet")
    return current, [_report(tally, layer) for tally in tallies]


def _segments(steps: Sequence[FittedStep]) -> Iterator[tuple[bool, list[int]]]:
    """Runs of step numbers that are all row-wise, or all whole-table; at least one, so that the table is written."""
    run: list[int] = []
    kind = False
    for number, step in enumerate(steps):
        whole = step.operation.whole_table
        if run and whole != kind:
            yield kind, run
            run = []
        kind = whole
        run.append(number)
    if run or not steps:
        yield kind, run


def _by_chunks(
    tallies: list[tuple[int, _Tally]],
    table: pl.LazyFrame,
    part: Path,
    write_edits: WriteEdits,
    engine: Engine,
    layer: str,
) -> None:
    written = 0
    for chunk in table.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
        frame = with_marks(chunk)
        edits: list[pl.DataFrame] = []
        for number, tally in tallies:
            after = _apply(tally.step, frame, engine)
            edits.extend(_record(number, tally, frame, after, layer))
            frame = after
        if edits:
            write_edits(pl.concat(edits))
        frame.write_parquet(part / f"part-{written:05d}.parquet", compression="zstd", compression_level=1)
        written += 1
    if written == 0:
        frame = with_marks(table.collect())
        for _, tally in tallies:
            frame = _apply(tally.step, frame, engine)
        frame.write_parquet(part / "part-00000.parquet")


def _apply(step: FittedStep, frame: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    """One step on a chunk; the laws say that every engine gives the same cells."""
    if engine == "polars":
        return apply_eager(step, frame)
    after = from_engine(step.apply(to_engine(frame, engine)))
    return after.select(
        *[c for c in frame.columns if c in after.columns], *[c for c in after.columns if c not in frame.columns]
    )


def _whole_table(tallies: list[_Tally], table: pl.LazyFrame, part: Path) -> None:
    for tally in tallies:
        before = _marks(table)
        native = nw.to_native(tally.step.apply(nw.from_native(table)))
        table = native.lazy() if isinstance(native, pl.DataFrame) else native
        after = _marks(table)
        tally.quarantined, tally.merged = after[0] - before[0], after[1] - before[1]
    table.sink_parquet(part / "part-00000.parquet", compression="zstd", compression_level=1, maintain_order=True)


def _marks(table: pl.LazyFrame) -> tuple[int, int]:
    counts = table.select(pl.col(QUARANTINE).is_not_null().sum(), pl.col(MERGED_INTO).is_not_null().sum())
    row = counts.collect(engine="streaming").row(0)
    return int(row[0] or 0), int(row[1] or 0)


def _record(
    number: int, tally: _Tally, before: pl.DataFrame, after: pl.DataFrame, layer: str
) -> Iterator[pl.DataFrame]:
    """The step's edits in this chunk; the tally learns of them."""
    operation = tally.step.operation
    for column in operation.touches(before.columns):
        if column not in before.columns or column not in after.columns:
            tally.columns.add(column)
            continue
        cells = changed_cells(before, after, column)
        tally.columns.add(column)
        tally.cells += cells.height
        _keep_examples(tally, column, cells)
        if cells.height:
            facts = {
                "layer": layer,
                "step": number,
                "operation": operation.verb(),
                "reason": operation.reason,
            }
            # A cell that became null lost its value, even where the operation only re-expresses values.
            lost = pl.col("new").is_null() & pl.col("old").is_not_null()
            meaning = pl.when(lost).then(pl.lit("value")).otherwise(pl.lit(operation.meaning)).alias("meaning")
            yield cells.with_columns(
                meaning, pl.lit(column).alias("column"), *(pl.lit(v).alias(k) for k, v in facts.items())
            ).select(pl.col(name).cast(dtype) for name, dtype in EDIT_SCHEMA.items())
    tally.quarantined += after.get_column(QUARANTINE).count() - before.get_column(QUARANTINE).count()
    tally.merged += after.get_column(MERGED_INTO).count() - before.get_column(MERGED_INTO).count()


def _keep_examples(tally: _Tally, column: str, cells: pl.DataFrame) -> None:
    """A few cells, each with another old value."""
    if len(tally.examples) >= MOST_EXAMPLES or not cells.height:
        return
    for row_id, old, new in cells.unique("old", keep="first", maintain_order=True).head(MOST_EXAMPLES).iter_rows():
        if len(tally.examples) < MOST_EXAMPLES and (column, old) not in tally.shown:
            tally.shown.add((column, old))
            tally.examples.append(CellExample(row_id=row_id, column=column, old=old, new=new))


def _report(tally: _Tally, layer: str) -> StepReport:
    operation = tally.step.operation
    return StepReport(
        layer=layer, operation=operation.verb(), sentence=tally.step.sentence(), reason=operation.reason,
        columns=tuple(sorted(tally.columns)), meaning=operation.meaning, changed_cells=tally.cells,
        quarantined_rows=tally.quarantined, merged_rows=tally.merged, examples=tuple(tally.examples),
    )  # fmt: skip
