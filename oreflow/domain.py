"""Domains: a business subject with its columns and their roles, a generator, enrichment sources and questions.

A domain part is a module in `domains/` that holds one `Domain` called `domain`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import narwhals as nw
import numpy as np
import polars as pl

from oreflow import plugins
from oreflow.contract import Contract, Question
from oreflow.errors import UnknownName


@dataclass(frozen=True)
class Source:
    """An enrichment source: one derived gold field as a narwhals expression that is null where its inputs are.

    `inputs` name the source's parameters by column role or by this domain's own column name; `expression` gets
    parameter name → actual column name, and beside it what `learned` read off the sample (replay keeps both).
    `formula` says in words how the field comes about.
    """

    name: str
    claim: str
    inputs: tuple[str, ...]
    expression: Callable[[Mapping[str, str]], nw.Expr]
    formula: str = ""
    learned: Callable[[pl.DataFrame, Mapping[str, str]], dict[str, str]] | None = None


@dataclass(frozen=True)
class Domain:
    """One business subject: `generate(rng, rows)` gives a clean table, `damage(rng, table)` its messy text form."""

    name: str
    title: str
    contract: Contract
    generate: Callable[[np.random.Generator, int], pl.DataFrame]
    damage: Callable[[np.random.Generator, pl.DataFrame], pl.DataFrame]
    sources: tuple[Source, ...] = ()
    questions: tuple[Question, ...] = ()
    words: frozenset[str] = field(default_factory=frozenset)  # header words that speak for this domain


@cache
def domains() -> dict[str, Domain]:
    """Every domain by name."""
    found = (getattr(module, "domain", None) for module in plugins.modules("domains"))
    return {d.name: d for d in found if isinstance(d, Domain)}


def find_domain(name: str) -> Domain:
    """The domain called `name`."""
    if name not in domains():
        raise UnknownName("domain", name, domains())
    return domains()[name]
