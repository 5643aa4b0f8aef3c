"""How likely each row is damaged: one label model per table, asked about each distinct pattern of votes once.

The guard rails: below three voting functions the majority decides; a unanimous vote is never contradicted; a row on
which all abstain has no probability.
"""

import importlib.util
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from oreflow.labeling_vote import Votes
from oreflow.tables import DAMAGE, ROW_ID

FIT_ROWS = 50_000
FEWEST_FUNCTIONS = 3
SEED = 20_260
_ROWS = "_rows"
_PER_KEY = 40  # 3**40 is the largest power of three that a 64-bit key holds


@dataclass(frozen=True)
class Fit:
    """How a table's votes are combined: by Snorkel's label model or, for the reason in `why`, by majority.

    `accuracy` is Snorkel's learned weight per voting function: the share of its votes that it gets right.
    """

    method: Literal["label model", "majority vote"]
    why: str
    prior: float
    names: tuple[str, ...]
    accuracy: dict[str, float]
    model: Any = None

    def damage(self, matrix: np.ndarray) -> np.ndarray:
        """P(damaged) for each line of votes (columns as in `names`), NaN where all abstain."""
        damaged, clean = (matrix == 1).sum(axis=1), (matrix == 0).sum(axis=1)
        if self.model is None:
            chance = np.where(damaged > clean, 1.0, np.where(damaged < clean, 0.0, 0.5))
        else:
            chance = self.model.predict_proba(matrix.astype(np.int64))[:, 1]
        chance = np.where(clean == 0, np.maximum(chance, 1 - chance), chance)
        chance = np.where(damaged == 0, np.minimum(chance, 1 - chance), chance)
        return np.where(damaged + clean == 0, np.nan, chance)


def damage_prior(votes: Votes) -> float:
    """The class balance given to the model: twice the share of rows with any damaged vote, held between 0.05 and 0.3.

    Twice, since on tables whose damage is known the functions see about half of the damaged rows.
    """
    table = patterns(votes)
    any_damaged = pl.max_horizontal(*votes.names) == 1 if votes.names else pl.lit(False)
    rows, suspected = table.select(pl.col(_ROWS).sum(), pl.col(_ROWS).filter(any_damaged).sum().alias("s")).row(0)
    return float(min(0.3, max(0.05, 2 * suspected / max(1, rows))))


def fit_label_model(votes: Votes, *, prior: float | None = None, seed: int = SEED) -> Fit:
    """Fit the label model on at most about 50,000 of the rows, evenly spread."""
    voting = voting_functions(votes)
    balance = damage_prior(votes) if prior is None else prior
    if len(voting) < FEWEST_FUNCTIONS:
        return Fit("majority vote", f"only {len(voting)} functions vote; the model needs 3.", balance, voting, {})
    if importlib.util.find_spec("snorkel") is None:
        return Fit("majority vote", "Snorkel is not installed; pip install snorkel.", balance, voting, {})
    from oreflow.labeling_model import fitted

    asked = {b.function.name: b for b in votes.bound}
    model = fitted(
        _sample(votes, voting),
        [asked[name].function.precision for name in voting],
        columns=[frozenset(asked[name].columns) for name in voting],
        prior=balance,
        seed=seed,
    )
    learned = dict(zip(voting, (float(w) for w in model.get_weights()), strict=True))
    return Fit("label model", "", balance, voting, learned, model)


def voting_functions(votes: Votes) -> tuple[str, ...]:
    """The functions that vote on at least one row."""
    if not votes.names:
        return ()
    highest = patterns(votes).select(pl.col(votes.names).max().fill_null(-1))
    return tuple(name for name in votes.names if highest.item(0, name) >= 0)


def _sample(votes: Votes, voting: tuple[str, ...]) -> np.ndarray:
    """Evenly spread rows, and the first ten votes of each function that those rows miss."""
    frame = votes.frame.select(voting)
    every = max(1, -(-frame.height // FIT_ROWS))
    spread = frame.gather_every(every)
    silent = [name for name in voting if spread.get_column(name).max() == -1]
    return pl.concat([spread, *(frame.filter(pl.col(name) >= 0).head(10) for name in silent)]).to_numpy()


def probabilities(votes: Votes, *, fit: Fit | None = None) -> pl.DataFrame:
    """`_row_id` and `_damage_probability` of every row, null where all functions abstain."""
    keys = _keys(votes.names)
    if not keys:
        return votes.frame.select(ROW_ID, pl.lit(None, dtype=pl.Float64).alias(DAMAGE))
    chosen, table = fit or fit_label_model(votes), patterns(votes)
    chance = chosen.damage(table.select(chosen.names).to_numpy()) if chosen.names else np.full(table.height, np.nan)
    answers = table.select(keys.keys()).with_columns(pl.Series(DAMAGE, chance, dtype=pl.Float64).fill_nan(None))
    asked = votes.frame.lazy().select(pl.col(ROW_ID), *(expr.alias(key) for key, expr in keys.items()))
    joined = asked.join(answers.lazy(), on=list(keys), how="left", maintain_order="left")
    return joined.select(ROW_ID, DAMAGE).collect()


def patterns(votes: Votes) -> pl.DataFrame:
    """The distinct lines of the label matrix with how many rows have each, under `_rows`, in a fixed order."""
    keys = _keys(votes.names)
    if not keys:
        return pl.DataFrame({_ROWS: [votes.frame.height]}, schema={_ROWS: pl.UInt32})
    keyed = votes.frame.lazy().with_columns(expr.alias(key) for key, expr in keys.items())
    grouped = keyed.group_by(list(keys)).agg(pl.col(votes.names).first(), pl.len().alias(_ROWS))
    return grouped.sort(list(keys)).collect(engine="streaming")


def _keys(names: list[str]) -> dict[str, pl.Expr]:
    """Each line of votes written as numbers to base three: one integer stands for forty functions in group and join."""
    parts = [names[i : i + _PER_KEY] for i in range(0, len(names), _PER_KEY)]
    return {f"_key_{number}": _key(part) for number, part in enumerate(parts)}


def _key(names: list[str]) -> pl.Expr:
    digits = (
        (pl.col(name) + 1).cast(pl.UInt64) * pl.lit(3**place, dtype=pl.UInt64) for place, name in enumerate(names)
    )
    return pl.sum_horizontal(*digits)
