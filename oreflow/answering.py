"""Answering: a contract's business questions from a gold table, with the numbers, the columns and the query behind.

The rule: the text says only what the query's result holds. A question that can't be answered says why.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from oreflow.contract import Contract, Question
from oreflow.errors import NotApplicable, OreflowError, UnknownName
from oreflow.run import Answer
from oreflow.sql import SECONDS, column_names, run_query, select_tree
from oreflow.tables import data_columns

MOST_ROWS = 50
SHOWN = 5


def answer(
    question: Question, gold: pl.LazyFrame, *, contract: Contract | None = None, seconds: float = SECONDS
) -> Answer:
    """The answer to one question from the table `gold`; the contract says which columns hold numbers and dates."""
    try:
        cites = _cited(question, gold.collect_schema(), contract)
        rows = run_query(question.sql, {"gold": gold}, rows=MOST_ROWS + 1, seconds=seconds)
    except OreflowError as error:
        return Answer(question=question.text, text=f"Not answered: {error}", sql=question.sql, error=str(error))
    return Answer(
        question=question.text,
        text=in_words(rows),
        cites=cites,
        sql=question.sql,
        rows=tuple(_plain_row(row) for row in rows.head(MOST_ROWS).iter_rows(named=True)),
    )


def _cited(question: Question, schema: pl.Schema, contract: Contract | None) -> tuple[str, ...]:
    """The cited columns in the table's own spelling; what the question forgot to cite is read off its query."""
    known = {name.casefold(): name for name in data_columns(list(schema))}
    for name in question.cites:
        if name.casefold() not in known:
            raise UnknownName("column", name, known.values())
    read = [name for name in column_names(select_tree(question.sql)) if name.casefold() in known]
    for name in dict.fromkeys((*question.cites, *read)):
        _check_type(known[name.casefold()], schema, contract)
    return tuple(known[name.casefold()] for name in question.cites or read)


def _check_type(name: str, schema: pl.Schema, contract: Contract | None) -> None:
    """Raise where a column that should hold numbers or dates holds text: its median, say, would be a wrong number."""
    promised = next((c.type for c in contract.columns if c.name == name), None) if contract else None
    if promised in ("integer", "number", "date", "timestamp") and schema[name] == pl.String:
        raise NotApplicable(f'column "{name}" holds text, though the contract promises {promised}; clean it first.')


def in_words(rows: pl.DataFrame) -> str:
    """A query's result as a sentence: each row by its first cell, then its other cells by name."""
    if rows.height == 0:
        return "No row of the table speaks to this."
    said = [_row_in_words(row) for row in rows.head(SHOWN).iter_rows(named=True)]
    rest = rows.height - len(said)
    more = f"; and {'at least ' if rows.height > MOST_ROWS else ''}{rest} more" if rest else ""
    return f"{'; '.join(said)}{more}."


def _row_in_words(row: dict[str, Any]) -> str:
    (first, head), *others = row.items()
    named = [f"{name.replace('_', ' ')} {_shown(value)}" for name, value in others]
    if not named or isinstance(head, int | float | Decimal):
        return ", ".join([f"{first.replace('_', ' ')} {_shown(head)}", *named])
    return f"{_shown(head)}: {', '.join(named)}"


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.10g}" if abs(value) < 1e10 else f"{value:.2f}"
    return str(_plain(value))


def _plain_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
