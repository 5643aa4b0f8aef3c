"""Enrichment: which columns of a table can serve the inputs of a domain's sources.

An input is found by its own name, by the same words in another spelling, or by its role where exactly one column of the
domain and exactly one of the table have it: a guess between two columns would be an invention.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from oreflow.contract import Column
from oreflow.domain import Domain, Source, domains
from oreflow.role_evidence import header_words
from oreflow.sql import nodes
from oreflow.tables import data_columns

NUMBERS, TIMES = ("integer", "number"), ("date", "timestamp")


def resolve(source: Source, domain: Domain, table: pl.Schema, *, roles: Mapping[str, str]) -> dict[str, str] | None:
    """Input → column for a source that this table can feed, else None."""
    names = data_columns(list(table))
    found = {name: _column_for(name, domain, names, roles) for name in source.inputs}
    served = {name: column for name, column in found.items() if column is not None}
    usable_types = all(input_problem(source, name, table[column]) is None for name, column in served.items())
    distinct = len(set(served.values())) == len(source.inputs)
    return served if distinct and usable_types else None


def _column_for(name: str, domain: Domain, names: list[str], roles: Mapping[str, str]) -> str | None:
    if name in names:
        return name
    spelled = [column for column in names if header_words(column) == header_words(name)]
    if len(spelled) == 1:
        return spelled[0]
    declared = domain.contract.roles()
    role = declared.get(name, name)  # an input may also be named by a role alone
    alone = Counter(declared.values())[role] <= 1
    having = [column for column in names if roles.get(column) == role]
    return having[0] if alone and len(having) == 1 else None


def input_problem(source: Source, name: str, dtype: pl.DataType) -> str | None:
    """Why a column of this dtype can't serve the source's input; None where it can."""
    declared = _declared(source, name)
    if declared is None:
        return None
    if declared.type in NUMBERS and not dtype.is_numeric():
        return f"it holds {dtype}, not numbers."
    if declared.type in TIMES and not isinstance(dtype, pl.Date | pl.Datetime):
        return f"it holds {dtype}, not dates."
    if declared.type == "string" and dtype.is_nested():
        return f"it holds {dtype}, not text."
    return None


def _declared(source: Source, name: str) -> Column | None:
    for domain in domains().values():
        if source in domain.sources:
            return next((column for column in domain.contract.columns if column.name == name), None)
    return None


def usable(tree: Any) -> bool:
    """Whether a parsed measure keeps to one group: no subquery, no window."""
    return not any(node.get("class") in ("SUBQUERY", "WINDOW", "PARAMETER") for node in nodes(tree))
