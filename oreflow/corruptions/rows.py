"""Damage to the set of rows: exact duplicates."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from oreflow.corruption import DAMAGES, Damaged, row_corruption
from oreflow.tables import ROW_ID


@row_corruption
def duplicate(table: pl.DataFrame, rng: np.random.Generator, columns: Sequence[str], rate: float) -> Damaged:
    """A row stands a second time, somewhere below the first, with a row id of its own."""
    hit = np.flatnonzero(rng.random(table.height) < rate)
    ids = table.get_column(ROW_ID).gather(hit)
    first = 0 if table.height == 0 else int(table.select(pl.col(ROW_ID).max()).item()) + 1
    fresh = pl.Series(ROW_ID, np.arange(first, first + hit.size), dtype=pl.Int64)
    place = hit + rng.random(hit.size) * (table.height - hit)
    copies = table[hit].with_columns(fresh).with_columns(pl.Series("_place", place))
    rows = table.with_columns(_place=pl.int_range(table.height).cast(pl.Float64))
    longer = pl.concat([rows, copies]).sort("_place", maintain_order=True).drop("_place")
    receipt = pl.DataFrame({ROW_ID: fresh, "column": "", "kind": "duplicate", "truth": ids.cast(pl.String)})
    return longer, receipt.select(DAMAGES.names()).cast(DAMAGES)
