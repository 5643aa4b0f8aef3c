"""Snorkel's label model, started from what the functions' authors believe. Importing this module takes seconds.

Damage is rare and of many kinds: a damaged row is damaged in one way, and the functions about other kinds rightly call
its other cells clean. Snorkel's own start reads each clean vote as a vote for the whole row, so one damaged vote beside
twenty clean ones would never count. Here a function starts with P(damaged vote | damaged row) from its precision, and
with the same coverage in both classes; a clean vote then says only that *this* damage is absent. Fitting moves those
numbers by how the functions agree (Ratner et al. 2019, "Training complex models with multi-task weak supervision"), but
the agreement of two functions that read the same column is left out: they see one cell, and prove nothing by agreeing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from snorkel.labeling.model import LabelModel
from torch import nn

EPOCHS = 100
SMALLEST = 1e-6
MOST_PRECISE = 0.99


class DamageModel(LabelModel):  # type: ignore[misc]
    """A `LabelModel` of two classes, clean (0) and damaged (1); `prec_init` is the precision of damaged votes alone."""

    def __init__(self, columns: Sequence[frozenset[str]]) -> None:
        super().__init__(cardinality=2, verbose=False)
        self.columns = columns

    def _init_params(self) -> None:
        share = torch.diag(self.O).numpy().astype(float)
        start = start_from(share, self.train_config.prec_init, float(self.p[1]), self.n)
        self.mu_init = torch.from_numpy(start).float()
        self.mu = nn.Parameter(self.mu_init.clone())
        self._build_mask()

    def _create_L_ind(self, L: np.ndarray) -> np.ndarray:
        indicators: np.ndarray = super()._create_L_ind(L)
        return indicators.astype(np.float64)  # Snorkel multiplies these; numpy is slow with integer matrices

    def _build_mask(self) -> None:
        super()._build_mask()
        for i, mine in enumerate(self.columns):
            for j, theirs in enumerate(self.columns):
                if mine & theirs:
                    self.mask[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = False


def start_from(share: np.ndarray, precision: Sequence[float], prior: float, rows: int) -> np.ndarray:
    """P(vote | class) to start from: two lines per function (clean vote, damaged vote), one column per class.

    `share` holds the shares of clean and of damaged votes in turn. The columns always average to `share` under `prior`,
    so a function that damns more rows than the prior allows is believed less.
    """
    start = np.zeros((len(share), 2))
    least = min(1.0 / rows, prior / max(1, len(precision)))  # a function that never fired here may fire elsewhere
    for i, belief in enumerate(precision):
        damaged, coverage = max(share[2 * i + 1], least), share[2 * i] + share[2 * i + 1]
        hit = min(belief * damaged / prior, MOST_PRECISE)
        slip = max((damaged - prior * hit) / (1 - prior), 0.0)
        start[2 * i + 1] = slip, hit
        start[2 * i] = max(coverage - slip, SMALLEST), max(coverage - hit, SMALLEST)
    return start


def fitted(
    matrix: np.ndarray,
    precision: Sequence[float],
    *,
    columns: Sequence[frozenset[str]],
    prior: float,
    seed: int,
) -> DamageModel:
    """A model fitted on a matrix in which every function votes at least once; the same seed gives the same model.

    `columns` holds what each function reads.
    """
    model = DamageModel(columns)
    with _one_thread():
        model.fit(
            matrix.astype(np.int64),
            class_balance=[1 - prior, prior],
            prec_init=list(precision),
            n_epochs=EPOCHS,
            lr=0.01 * min(1.0, 12 / matrix.shape[1]),  # the loss grows with the functions; larger steps diverge
            mu_eps=SMALLEST,
            seed=seed,
            progress_bar=False,
        )
    return model


@contextmanager
def _one_thread() -> Iterator[None]:
    """One torch thread: on matrices this small, threads only wait for each other, on a busy machine for seconds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
