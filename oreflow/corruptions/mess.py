"""What real tables suffer, planned from a contract: each column gets the damage its role and type meet in practice.

About 3–8 % of the cells are hit. The key is never damaged, so that a repair can be judged row by row.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from oreflow.contract import Column, Contract
from oreflow.corruption import Blow, Corruption, Damaged, spoil_table
from oreflow.corruptions import formats, rows, spelling, values
from oreflow.tables import ROW_ID

LABELS = frozenset({"category", "status", "priority", "flag", "person_name"})
BOUNDED = frozenset({"age", "score", "percent", "level"})


def messy(contract: Contract) -> Callable[[np.random.Generator, pl.DataFrame], pl.DataFrame]:
    """The `damage` of a domain: a table's messy text form, without the receipt."""

    def damage(rng: np.random.Generator, table: pl.DataFrame) -> pl.DataFrame:
        spoiled, _ = damage_with_receipt(rng, table, contract=contract)
        return spoiled if ROW_ID in table.columns else spoiled.drop(ROW_ID)

    return damage


def damage_with_receipt(rng: np.random.Generator, table: pl.DataFrame, *, contract: Contract) -> Damaged:
    """The messy text form with `_row_id`, and the receipt that knows every true value."""
    return spoil_table(table, rng, blows=plan(contract, day_first=bool(rng.integers(0, 2))))


def plan(contract: Contract, *, day_first: bool, strength: float = 1.0) -> tuple[Blow, ...]:
    """Which corruption strikes which columns how often; `strength` scales every rate."""
    columns = [c for c in contract.columns if c.name not in contract.key]
    numbers = _names(columns, lambda c: c.type in ("integer", "number"))
    dates = _names(columns, lambda c: c.type in ("date", "timestamp"))
    labels = _names(columns, lambda c: c.type in ("string", "boolean") and c.role in LABELS)
    another_date = formats.date_day_first if day_first else formats.date_month_first
    blows: list[tuple[Corruption, tuple[str, ...], float]] = [
        (values.impossible_value, _names(columns, lambda c: c.role in BOUNDED), 0.004),
        (formats.currency_mark, _names(columns, lambda c: c.role in ("amount", "price")), 0.15),
        (formats.percent_mark, _names(columns, lambda c: c.role == "percent"), 0.10),
        (another_date, dates, 0.20),
        (spelling.typo, labels, 0.008),
        (spelling.letter_case, labels, 0.02),
        (spelling.white_space, labels, 0.02),
        (values.type_error, numbers, 0.01),
        (values.missing_token, tuple(c.name for c in columns), 0.012),
    ]
    struck = [Blow(kind, names, rate * strength) for kind, names, rate in blows if names]
    return (*struck, Blow(rows.duplicate, (), 0.01 * strength))


def _names(columns: list[Column], wanted: Callable[[Column], bool]) -> tuple[str, ...]:
    return tuple(c.name for c in columns if wanted(c))
