"""Votes: every labeling function over every row of a table, in one lazy pass.

The rule: a vote depends on its row and on plain JSON profiles alone, so any chunking of the table gives the same votes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import polars as pl

from oreflow.errors import UnknownName
from oreflow.labeling_binding import Bound, bind, cell_vote, vote_on
from oreflow.labeling_function import LabelingFunction, View, for_domain
from oreflow.labeling_views import ColumnProfile, learn_profiles, view
from oreflow.tables import ROW_ID, as_text

SAMPLE_ROWS = 50_000
REASON_COLUMNS = {ROW_ID: pl.Int64, "function": pl.String, "column": pl.String, "value": pl.String, "claim": pl.String}
_VOTE_PREFIX, _VIEW_PREFIX = "_vote_", "_view_"


@dataclass(frozen=True)
class Votes:
    """The votes on a table: `frame` holds `_row_id` and one Int8 column per function (1 damaged, 0 clean, -1 abstain).

    `passed_over` says of each function that does not apply why not; `profiles` is what was learned.
    """

    frame: pl.DataFrame
    bound: tuple[Bound, ...]
    passed_over: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, ColumnProfile] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The functions that voted, in the order of the matrix's columns."""
        return [b.function.name for b in self.bound]

    def matrix(self) -> np.ndarray:
        """The Int8 label matrix that Snorkel reads: rows by functions."""
        if not self.bound:
            return np.empty((self.frame.height, 0), dtype=np.int8)
        return np.ascontiguousarray(self.frame.select(self.names).to_numpy())


def vote(
    table: pl.LazyFrame | pl.DataFrame,
    roles: Mapping[str, str],
    *,
    domain: str | None = None,
    functions: Collection[LabelingFunction] | None = None,
    profiles: Mapping[str, ColumnProfile] | None = None,
) -> Votes:
    """Ask every function (default: the shared ones and the domain's own) about every row, in one streaming pass.

    `profiles` are learned on a sample of the table where they are not given; give them to judge a chunk like its table.
    """
    lazy = _with_row_ids(table.lazy())
    schema = dict(lazy.collect_schema())
    for column in roles:
        if column not in schema:
            raise UnknownName("column", column, schema)
    asked = for_domain(domain) if functions is None else tuple(functions)
    answers = {f.name: bind(f, schema, roles) for f in asked}
    bound = tuple(b for b in answers.values() if isinstance(b, Bound))
    learned = _learn(lazy, bound) if profiles is None else dict(profiles)
    frame = _ask(lazy, bound, schema, learned)
    return Votes(frame, bound, {n: b for n, b in answers.items() if isinstance(b, str)}, learned)


def _with_row_ids(table: pl.LazyFrame) -> pl.LazyFrame:
    if ROW_ID in table.collect_schema():
        return table
    return table.with_row_index(ROW_ID).with_columns(pl.col(ROW_ID).cast(pl.Int64))


def _learn(table: pl.LazyFrame, bound: Collection[Bound]) -> dict[str, ColumnProfile]:
    needed = {b_columns[0] for b in bound if b.function.needs_profile for b_columns in b.column_sets}
    if not needed:
        return {}
    rows = table.select(pl.len()).collect().item()
    every = max(1, -(-rows // SAMPLE_ROWS))
    return learn_profiles(table.select(sorted(needed)).gather_every(every).collect(engine="streaming"), needed)


def _seen(
    table: pl.LazyFrame, bound: Collection[Bound], schema: Mapping[str, pl.DataType]
) -> tuple[pl.LazyFrame, dict[tuple[str, View], str]]:
    """The table with a column for each view that a function needs, and the names of those columns."""
    pairs = sorted(set().union(*(b.views() for b in bound)))
    seen = {pair: f"{_VIEW_PREFIX}{number}" for number, pair in enumerate(pairs)}
    shown = {alias: view(name, schema[name], reads) for (name, reads), alias in seen.items()}
    return table.with_columns(expr.alias(alias) for alias, expr in shown.items() if expr is not None), seen


def _ask(
    table: pl.LazyFrame,
    bound: Collection[Bound],
    schema: Mapping[str, pl.DataType],
    profiles: Mapping[str, ColumnProfile],
) -> pl.DataFrame:
    viewed, seen = _seen(table, bound, schema)
    asked = nw.from_native(viewed).select(nw.col(ROW_ID), *(vote_on(b, seen, profiles) for b in bound))
    return asked.to_native().collect(engine="streaming")


def reasons(table: pl.LazyFrame | pl.DataFrame, votes: Votes, row_ids: Collection[int]) -> pl.DataFrame:
    """Why rows were judged damaged: one line per damaged vote, with the cell's value and the function's claim."""
    lazy = _with_row_ids(table.lazy()).filter(pl.col(ROW_ID).is_in(list(row_ids)))
    schema = dict(lazy.collect_schema())
    fired = [b for b in votes.bound if (votes.frame.get_column(b.function.name) == 1).any()]
    if not fired or not row_ids:
        return pl.DataFrame(schema=REASON_COLUMNS)
    viewed, seen = _seen(lazy, fired, schema)
    asks = [(b.function, columns) for b in fired for columns in b.column_sets]
    ballots = [
        cell_vote(function, columns, seen, votes.profiles).alias(f"{_VOTE_PREFIX}{number}")
        for number, (function, columns) in enumerate(asks)
    ]
    frame: pl.DataFrame = nw.from_native(viewed).with_columns(*ballots).to_native().collect(engine="streaming")
    lines = [
        _lines(frame, f"{_VOTE_PREFIX}{number}", function, columns) for number, (function, columns) in enumerate(asks)
    ]
    return pl.concat([pl.DataFrame(schema=REASON_COLUMNS), *lines]).sort(ROW_ID, "function", "column")


def _lines(frame: pl.DataFrame, ballot: str, function: LabelingFunction, columns: tuple[str, ...]) -> pl.DataFrame:
    hits = frame.filter(pl.col(ballot) == 1)
    values = pl.DataFrame([as_text(hits.get_column(name)).alias(name) for name in columns])
    return pl.DataFrame(
        {
            ROW_ID: hits.get_column(ROW_ID),
            "function": pl.Series([function.name] * hits.height, dtype=pl.String),
            "column": pl.Series([", ".join(columns)] * hits.height, dtype=pl.String),
            "value": values.select(pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)).to_series(),
            "claim": pl.Series([function.claim] * hits.height, dtype=pl.String),
        },
        schema=REASON_COLUMNS,
    )
