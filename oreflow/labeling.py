"""Labeling: claims about damaged cells, their votes on every row, and how likely each row is damaged.

The rule: functions vote on column expressions over the whole table; Snorkel sees a bounded sample and vote patterns.
"""

import narwhals as nw

from oreflow.labeling_analysis import analysis, labels_table
from oreflow.labeling_binding import Bound
from oreflow.labeling_function import (
    ABSTAIN,
    ANY,
    CLEAN,
    DAMAGED,
    MOMENT_ROLES,
    NUMBER_ROLES,
    LabelingFunction,
    discover,
    for_domain,
    labels,
    labels_row,
)
from oreflow.labeling_probability import Fit, damage_prior, fit_label_model, probabilities
from oreflow.labeling_views import ColumnProfile, learn_profile
from oreflow.labeling_vote import Votes, reasons, vote
from oreflow.role_evidence import US_STATES

__all__ = [
    "ABSTAIN",
    "ANY",
    "CLEAN",
    "DAMAGED",
    "MOMENT_ROLES",
    "NUMBER_ROLES",
    "US_STATES",
    "Bound",
    "ColumnProfile",
    "Fit",
    "LabelingFunction",
    "Votes",
    "analysis",
    "damage_prior",
    "discover",
    "fit_label_model",
    "for_domain",
    "labels",
    "labels_row",
    "labels_table",
    "learn_profile",
    "no_opinion",
    "probabilities",
    "reasons",
    "shape_of",
    "vote",
]


def no_opinion() -> nw.Expr:
    """What a function returns where the profile gives it no ground: it abstains on every row."""
    return nw.lit(None, dtype=nw.Boolean)


def shape_of(cell: nw.Expr) -> nw.Expr:
    """The cell with each run of letters as A and each run of digits as 9, as in `ColumnProfile.shapes`."""
    return cell.str.replace_all(r"\p{L}+", "A").str.replace_all(r"\d+", "9")
