"""Describing: columns before and after a stage, with the few numbers that a small plot needs."""

from collections.abc import Mapping

import polars as pl

from oreflow.run import ColumnReport
from oreflow.tables import as_text, data_columns

BARS = 12


def describe(
    before: pl.LazyFrame,
    after: pl.LazyFrame,
    *,
    sample: pl.DataFrame,
    roles: Mapping[str, str],
    changed: Mapping[str, int],
) -> list[ColumnReport]:
    """One report per column of `before`; counts are exact, distinct counts approximate above a million rows."""
    old, new = _counts(before), _counts(after)
    types = {name: str(dtype) for name, dtype in before.collect_schema().items()}
    return [
        ColumnReport(
            name=name, role=roles.get(name), type_before=types[name],
            type_after=str(sample.schema[name]) if name in sample.columns else "dropped",
            nulls_before=old[name][0], nulls_after=new.get(name, (0, 0))[0],
            distinct_before=old[name][1], distinct_after=new.get(name, (0, 0))[1],
            changed_cells=changed.get(name, 0), plot=plot(sample.get_column(name)) if name in sample.columns else (),
        )
        for name in old
    ]  # fmt: skip


def _counts(table: pl.LazyFrame) -> dict[str, tuple[int, int]]:
    """Column → (empty cells, distinct values), in two passes at most."""
    names = data_columns(table.collect_schema().names())
    if not names:
        return {}
    nulls = table.select(pl.col(names).null_count()).collect(engine="streaming").row(0)
    rows = int(table.select(pl.len()).collect(engine="streaming").item())
    kinds = pl.col(names).n_unique() if rows <= 1_000_000 else pl.col(names).approx_n_unique()
    distinct = table.select(kinds).collect(engine="streaming").row(0)
    return {
        n: (int(e), int(d) - (1 if e and rows <= 1_000_000 else 0))
        for n, e, d in zip(names, nulls, distinct, strict=True)
    }


def plot(column: pl.Series) -> tuple[tuple[str, int], ...]:
    """Bars: a histogram of numbers and dates, the most frequent values of anything else."""
    values = column.drop_nulls()
    if values.len() == 0:
        return ()
    if values.dtype.is_numeric() and values.n_unique() > BARS:
        return _histogram(values.cast(pl.Float64))
    if values.dtype.is_temporal() and values.n_unique() > BARS:
        months = values.dt.strftime("%Y-%m") if values.dt.year().n_unique() <= 2 else values.dt.strftime("%Y")
        counts = months.value_counts(name="count").sort(months.name)
        return tuple((str(label), int(count)) for label, count in counts.tail(3 * BARS).iter_rows())
    counts = as_text(values).value_counts(sort=True, name="count").head(BARS)
    return tuple((str(label)[:40], int(count)) for label, count in counts.iter_rows())


def _histogram(values: pl.Series) -> tuple[tuple[str, int], ...]:
    low, high = values.quantile(0.005), values.quantile(0.995)
    inside = values.filter((values >= low) & (values <= high)) if low is not None and high is not None else values
    bins = inside.hist(bin_count=BARS, include_category=False)
    return tuple((f"{edge:.4g}", int(count)) for edge, count in bins.select("breakpoint", "count").iter_rows())
