"""Drafting: a first contract from a cleaned sample, for the user to edit.

The rule: a draft passes on the table it was drafted from. What its own evidence contradicts is left out.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from oreflow.claims import bind
from oreflow.contract import Column, Contract, LogicalType, Rule
from oreflow.contract_check import lint
from oreflow.drafting_keys import guess_key, names_a_thing
from oreflow.drafting_rules import LEAST_ROWS, column_rules, pair_rules
from oreflow.gate_engine import applicable, families_of, judge_all, normal
from oreflow.measures.dq import dq_score, missing
from oreflow.measures.fits import family
from oreflow.tables import active, data_columns

__all__ = ["draft_contract", "lint"]

OPTIONAL_ABOVE = 0.05


def draft_contract(
    cleaned: pl.DataFrame,
    *,
    domain: str,
    table: str,
    roles: Mapping[str, str] | None = None,
    raw: pl.DataFrame | None = None,
) -> Contract:
    """The contract that a cleaned sample speaks for; `raw` is the same sample before cleaning, where emptiness began.

    Types are those the columns are stored as. A column is required if no cell of at least 100 rows is empty, optional
    if more than 5 % are.
    """
    from oreflow.roles import guess_roles

    kept = active(cleaned)
    kept = kept.select(n for n in data_columns(kept.columns))
    known = dict(roles if roles is not None else guess_roles(kept))
    key = guess_key(kept, known, among=kept.columns)
    columns = tuple(_column(kept.get_column(n), key=key, roles=known) for n in kept.columns)
    named = {c.name: c for c in columns}
    rules = [r for c in columns for r in (*column_rules(c, _plain(kept.get_column(c.name))), *_emptiness(c, kept, raw))]
    rules += pair_rules(named, kept)
    drafted = Contract(domain=domain, table=table, columns=columns, key=key)
    upheld = _upheld(kept, drafted, rules)
    return drafted.model_copy(update={"rules": (*upheld, *_repeats(kept, columns, key))})


def logical_type(column: pl.Series) -> LogicalType:
    """The contract's type for a column as it is stored; times that are all midnight are dates."""
    dtype = column.dtype
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Date:
        return "date"
    if dtype == pl.Datetime:
        filled = column.drop_nulls()
        return "date" if len(filled) and bool((filled.dt.truncate("1d") == filled).all()) else "timestamp"
    return "string"


def _column(cells: pl.Series, *, key: tuple[str, ...], roles: Mapping[str, str]) -> Column:
    from oreflow.roles import pii_class

    name, wanted = cells.name, logical_type(cells)
    share = _missing_share(cells, Column(name=name, type=wanted))
    sure = len(cells) >= LEAST_ROWS or names_a_thing(name, roles)
    return Column(
        name=name,
        type=wanted,
        role=roles.get(name),
        required=name in key or (sure and len(cells) > 0 and cells.null_count() == 0 and share <= OPTIONAL_ABOVE),
        unique=key == (name,),
        optional=share > OPTIONAL_ABOVE and name not in key,
        pii=pii_class(roles.get(name)),
    )


def _missing_share(cells: pl.Series, column: Column) -> float:
    if cells.is_empty():
        return 0.0
    return float(cells.to_frame().select(missing(column, family(cells.dtype)).mean()).item())


def _emptiness(column: Column, kept: pl.DataFrame, raw: pl.DataFrame | None) -> list[Rule]:
    """A warning where an often empty column becomes much emptier than it was, before or after cleaning."""
    if not column.optional:
        return []
    share = kept.get_column(column.name).null_count() / kept.height
    if raw is not None and column.name in raw.columns:
        share = max(share, _missing_share(raw.get_column(column.name), column))
    largest = round(min(1.0, 1.5 * share + 0.05), 2)
    said = f"Empty in {share:.0%} of the rows so far."
    arguments = {"max": largest}
    return [
        Rule(
            id=f"empty:{column.name}",
            kind="null_share",
            column=column.name,
            arguments=arguments,
            severity="warning",
            description=said,
        )
    ] * (largest < 1.0)


def _repeats(kept: pl.DataFrame, columns: Sequence[Column], key: tuple[str, ...]) -> list[Rule]:
    """The DQ score as a warning where rows repeat and nothing names them: that may be no fault, but is to be seen."""
    share = dq_score(kept, columns, key=key)["uniqueness"]
    if key or share > 0.9:
        return []
    said = f"The DQ score is at least 0.95; nothing names a row, and {1 - share:.0%} of them repeat another."
    return [Rule(id="dq_score", kind="dq_score", arguments={"min": 0.95}, severity="warning", description=said)]


def _plain(cells: pl.Series) -> pl.Series:
    """The cells as the gate will see them, so that what is drafted is what is judged."""
    return normal(cells.to_frame().lazy()).select(cells.name).collect().to_series()


def _upheld(table: pl.DataFrame, contract: Contract, rules: list[Rule]) -> tuple[Rule, ...]:
    frame = normal(table.lazy())
    families = families_of(frame)
    asked = [applicable(rule, bind(rule, contract), families) for rule in rules]
    return tuple(j.rule for j in judge_all(frame, asked, families) if j.passed)
