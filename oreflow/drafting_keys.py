"""Keys: which columns name a row, where the table gives evidence that it is no accident.

The rule: a unique column is only a key if its name or role says so, and a unique pair only if chance would have made it
repeat. No key is better than a wrong one, which would turn away tomorrow's rows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import polars as pl

_NAMES_A_THING = re.compile(
    r"(?i)(^|[\s_\-.#])(id|no|nr|num|number|key|code|uuid|guid|ref|reference|sku)$|[a-z](ID|Id|No|Key)$"
)
LEAST_ROWS = 20
MOST_CANDIDATES = 12
EXPECTED_REPEATS = 3.0


def guess_key(table: pl.DataFrame, roles: Mapping[str, str], *, among: Sequence[str]) -> tuple[str, ...]:
    """The column or the pair that names one row, or nothing."""
    if table.height < LEAST_ROWS:
        return ()
    full = [n for n in among if table.get_column(n).null_count() == 0 and _countable(table.get_column(n))]
    distinct = {n: table.get_column(n).n_unique() for n in full}
    single = [n for n in full if distinct[n] == table.height and names_a_thing(n, roles)]
    if single:
        return (max(single, key=lambda n: _likeness(n, roles, full)),)
    return next(_pairs(table, roles, distinct), ())


def names_a_thing(name: str, roles: Mapping[str, str]) -> bool:
    """Whether the column's name or role says that it identifies something."""
    return roles.get(name) in ("id", "key") or bool(_NAMES_A_THING.search(name.strip()))


def _likeness(name: str, roles: Mapping[str, str], order: Sequence[str]) -> tuple[bool, bool, int]:
    return roles.get(name) == "id", bool(_NAMES_A_THING.search(name.strip())), -list(order).index(name)


def _countable(column: pl.Series) -> bool:
    return column.dtype == pl.String or column.dtype.is_integer() or column.dtype in (pl.Date, pl.Datetime)


def _pairs(table: pl.DataFrame, roles: Mapping[str, str], distinct: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """Unique pairs with an identifier in them, that with the fewest possible combinations first."""
    useful = sorted((n for n in distinct if distinct[n] > 1), key=lambda n: (not names_a_thing(n, roles), distinct[n]))
    pairs = [p for p in combinations(useful[:MOST_CANDIDATES], 2) if any(names_a_thing(n, roles) for n in p)]
    for pair in sorted(pairs, key=lambda p: distinct[p[0]] * distinct[p[1]]):
        combinations_of = distinct[pair[0]] * distinct[pair[1]]
        by_chance = table.height**2 / (2 * combinations_of)
        if combinations_of >= table.height and by_chance >= EXPECTED_REPEATS and not _repeats(table, pair):
            yield tuple(sorted(pair, key=table.columns.index))


def _repeats(table: pl.DataFrame, pair: tuple[str, ...]) -> bool:
    return bool(table.select(pl.struct(pair).n_unique()).item() < table.height)
