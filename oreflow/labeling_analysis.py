"""What each labeling function does on a table: coverage, overlaps and conflicts as Snorkel's `LFAnalysis` has them."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from oreflow.labeling_probability import Fit, fit_label_model, patterns
from oreflow.labeling_vote import Votes, vote
from oreflow.run import LabelReport


def analysis(votes: Votes, *, fit: Fit | None = None) -> list[LabelReport]:
    """One report per function that applies, in the order of the matrix; shares are of all rows."""
    chosen = fit or fit_label_model(votes)
    table = patterns(votes)
    matrix, rows = table.select(votes.names).to_numpy(), table.get_column("_rows").to_numpy().astype(np.int64)
    said = matrix >= 0
    shared = said.sum(axis=1) > 1
    disputed = (matrix == 1).any(axis=1) & (matrix == 0).any(axis=1)
    total = max(1, votes.frame.height)
    return [
        LabelReport(
            name=bound.function.name,
            claim=bound.function.claim,
            columns=bound.columns,
            coverage=int(rows[said[:, j]].sum()) / total,
            overlaps=int(rows[said[:, j] & shared].sum()) / total,
            conflicts=int(rows[said[:, j] & disputed].sum()) / total,
            accuracy=chosen.accuracy.get(bound.function.name),
            damaged=int(rows[matrix[:, j] == 1].sum()),
        )
        for j, bound in enumerate(votes.bound)
    ]


def labels_table(
    table: pl.LazyFrame | pl.DataFrame, roles: Mapping[str, str], domain: str | None = None
) -> list[LabelReport]:
    """Vote on a table and say what each function did."""
    return analysis(vote(table, roles, domain=domain))
