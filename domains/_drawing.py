"""Draws that all generators share: categories, ids, people, companies, days. Vectorised, and the same for the same rng.

The rule: a draw is an array of indices into a literal tuple, so that nothing depends on hashing, locale or platform.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

Rng = np.random.Generator
Indices = npt.NDArray[np.int64]


def words(text: str, *, sep: str = " ") -> tuple[str, ...]:
    """The words of a literal list, in its order."""
    return tuple(text.split(sep))


FIRST_NAMES = words(
    "Aisha Alejandro Amara Anna Arjun Beatriz Ben Camila Chen Clara Daniel David Elena Emeka Emma Farid "
    "Fatima Gabriel Grace Hana Hassan Ines Isabel Ivan Jakub James Jin Johanna Jonas Julia Kofi Laila Lars "
    "Leila Lucas Maria Marek Mei Mina Mohamed Nadia Nina Noah Olga Omar Paula Pedro Priya Rafael Rosa Samuel "
    "Sara Sofia Stefan Tariq Tomas Valentina Wei Yara Zoe"
)
LAST_NAMES = words(
    "Abebe Ahmed Almeida Andersson Bauer Becker Bianchi Brown Castro Chen Costa Dang Diaz Dubois Eriksen "
    "Farouk Fischer Fernandez Garcia Haddad Hansen Hoffman Hussein Ivanova Jansen Jensen Johnson Kaur Keller "
    "Khan Kim Kowalski Kumar Larsen Lee Lopez Martin Mbeki Meyer Moreno Moretti Murphy Nakamura Navarro "
    "Nguyen Novak Okafor Oliveira Park Patel Pereira Petrov Ramirez Rossi Sato Schmidt Silva Singh Smith "
    "Suzuki Tanaka Torres Weber Wilson Wong Yilmaz Zhang Ziegler"
)
COMPANY_STEMS = words(
    "Alder Amber Anchor Aspen Atlas Beacon Birch Blue Brook Cedar Cinder Cobalt Copper Coral Crest Delta "
    "Ember Falcon Fern Garnet Granite Harbor Hazel Heron Indigo Iron Juniper Keystone Lantern Larch Linden "
    "Maple Marble Meadow Mercury Mesa Nimbus North Oak Onyx Orchid Osprey Pine Prairie Quartz Raven Ridge "
    "River Rowan Sable Sierra Slate Solar Sparrow Spruce Summit Thistle Timber Umber Vale Willow Zephyr"
)
COMPANY_KINDS = words("Analytics Bank Foods Freight Health Labs Logistics Media Motors Partners Retail Systems")


def draw(rng: Rng, rows: int, weights: Sequence[float]) -> Indices:
    """Indices 0 … len(weights)-1, drawn by weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(np.searchsorted(edges / edges[-1], rng.random(rows), side="right"), dtype=np.int64)


def draw_by(rng: Rng, group: Indices, weights: Sequence[Sequence[float]]) -> Indices:
    """Like `draw`, with one row of weights per group index."""
    table = np.cumsum(np.asarray(weights, dtype=np.float64), axis=1)
    table = table / table[:, -1:]
    return np.asarray((rng.random(group.size)[:, None] >= table[group]).sum(axis=1), dtype=np.int64)


def take(values: Sequence[str] | pl.Series, indices: Indices) -> pl.Series:
    """The values at the indices, as text."""
    return pl.Series(values=list(values), dtype=pl.String).gather(pl.Series(indices, dtype=pl.Int64))


def lookup(values: Sequence[str], mapping: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """The mapping's numbers in the order of `values`: an array that is indexed by a draw."""
    return np.asarray([mapping[value] for value in values], dtype=np.float64)


def ids(prefix: str, rows: int, *, digits: int) -> pl.Series:
    """`PREFIX0001`, `PREFIX0002`, …: unique however many rows there are."""
    return numbered(prefix, np.arange(1, rows + 1), digits=digits)


def numbered(prefix: str, numbers: Indices, *, digits: int) -> pl.Series:
    """The prefix followed by each number, padded with zeros to at least `digits`."""
    digits_only = pl.Series(numbers, dtype=pl.Int64).cast(pl.String)
    return pl.select(pl.lit(prefix) + digits_only.str.zfill(digits)).to_series()


def people(rng: Rng, count: int) -> list[str]:
    """`count` different full names, at most one per pair of first and last name."""
    return _pairs(rng, count, FIRST_NAMES, LAST_NAMES)


def companies(rng: Rng, count: int) -> list[str]:
    """`count` different company names."""
    return _pairs(rng, count, COMPANY_STEMS, COMPANY_KINDS)


def _pairs(rng: Rng, count: int, left: Sequence[str], right: Sequence[str]) -> list[str]:
    chosen = rng.permutation(len(left) * len(right))[:count]
    return [f"{left[i // len(right)]} {right[i % len(right)]}" for i in chosen.tolist()]


def crew(rows: int, *, per: int, least: int, most: int) -> int:
    """How many different ones a table of `rows` has: one per `per` rows, within bounds."""
    return max(least, min(most, rows // per))


def days_after(start: date, days: Indices) -> pl.Series:
    """The dates that many days after `start`; negative is before."""
    return pl.Series(np.datetime64(start, "D") + days.astype("timedelta64[D]")).cast(pl.Date)


def minutes_after(start: date, minutes: Indices) -> pl.Series:
    """The moments that many minutes after midnight of `start`."""
    return pl.Series(np.datetime64(start, "us") + minutes.astype("timedelta64[m]")).cast(pl.Datetime("us"))


def halves(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rounded to the half, as hours are booked."""
    return np.asarray(np.round(values * 2) / 2, dtype=np.float64)
