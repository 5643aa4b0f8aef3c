"""Binding: which columns of a table each labeling function judges, and the expression of its vote on a row."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from oreflow.labeling_function import ABSTAIN, ANY, CLEAN, DAMAGED, LabelingFunction, View, is_role
from oreflow.labeling_views import ColumnProfile, view
from oreflow.role_clues import CLUES
from oreflow.role_evidence import header_words
from oreflow.tables import data_columns

MOST_PAIRINGS = 8
_TIME_WORDS = frozenset({"date", "time", "at", "on", "day", "timestamp", "dt"})


@dataclass(frozen=True)
class Bound:
    """A labeling function with the columns it judges: one column per parameter for each time it is asked."""

    function: LabelingFunction
    column_sets: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns it looks at, once each."""
        return tuple(dict.fromkeys(itertools.chain.from_iterable(self.column_sets)))

    def views(self) -> set[tuple[str, View]]:
        """The views of columns that it needs."""
        return {pair for columns in self.column_sets for pair in zip(columns, self.function.reads, strict=True)}


def bind(function: LabelingFunction, schema: Mapping[str, pl.DataType], roles: Mapping[str, str]) -> Bound | str:
    """The function bound to the columns it can judge, or why there are none."""
    names = data_columns(list(schema))
    fitting = [_named(names, target, roles) for target in function.targets]
    for target, columns in zip(function.targets, fitting, strict=True):
        if not columns:
            return f"no column has the role {' or '.join(target)}" if is_role(target[0]) else f"no column {target[0]}"
    readable = [
        [name for name in columns if view(name, schema[name], reads) is not None]
        for columns, reads in zip(fitting, function.reads, strict=True)
    ]
    pairings = _pairings(readable, roles)
    if not pairings:
        return f"no column of the role can be read as {' and '.join(function.reads)}"
    return Bound(function, pairings)


def _named(names: list[str], target: tuple[str, ...], roles: Mapping[str, str]) -> list[str]:
    if target == (ANY,):
        return names
    if is_role(target[0]):
        return [name for name in names if roles.get(name) in target]
    return [name for name in names if header_words(name) == header_words(target[0])]


def _pairings(columns: list[list[str]], roles: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """One column per parameter; where there is a choice, those whose headers say the same beside the role's words."""
    sets = [chosen for chosen in itertools.product(*columns) if len(set(chosen)) == len(chosen)]
    if len(columns) > 1 and len(sets) > 1:
        sets = [chosen for chosen in sets if len({_qualifier(name, roles) for name in chosen}) == 1][:MOST_PAIRINGS]
    return tuple(sets)


def _qualifier(name: str, roles: Mapping[str, str]) -> tuple[str, ...]:
    """What a header says beside its role: `planned_start` and `planned_end` are both "planned"."""
    clues = [clue for clue in CLUES if clue.role == roles.get(name) and clue.header]
    words = [word for word in header_words(name) if word not in _TIME_WORDS]
    return tuple(word for word in words if not any(clue.suggested(word) for clue in clues))


def vote_on(bound: Bound, seen: Mapping[tuple[str, View], str], profiles: Mapping[str, ColumnProfile]) -> nw.Expr:
    """The function's vote on a row: any damaged cell counts, else any clean one, else it abstains."""
    votes = [cell_vote(bound.function, columns, seen, profiles) for columns in bound.column_sets]
    joined = votes[0] if len(votes) == 1 else nw.max_horizontal(*votes)
    return joined.alias(bound.function.name)


def cell_vote(
    function: LabelingFunction,
    columns: tuple[str, ...],
    seen: Mapping[tuple[str, View], str],
    profiles: Mapping[str, ColumnProfile],
) -> nw.Expr:
    """The vote on one set of columns. `seen` names the column that holds each view."""
    cells = [nw.col(seen[pair]) for pair in zip(columns, function.reads, strict=True)]
    learned = [profiles.get(columns[0], ColumnProfile())] if function.needs_profile else []
    damaged = function.judge(*cells, *learned)
    silent = damaged.is_null()
    for cell in cells:
        silent = silent | cell.is_null()
    fine = nw.lit(CLEAN if function.otherwise == "clean" else ABSTAIN, dtype=nw.Int8)
    said = nw.when(damaged).then(nw.lit(DAMAGED, dtype=nw.Int8)).otherwise(fine)
    return nw.when(silent).then(nw.lit(ABSTAIN, dtype=nw.Int8)).otherwise(said)
