"""Compositions: a text column that is written from two others, such as `(lat, lon)` or `name type`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import BaseModel, ConfigDict
from rapidfuzz.distance import OSA

SEEN_ROWS = 400
LEAST_SHARE = 0.35
MOST_MISMATCHES = 20_000
Triple = tuple[str, str, str]


class Composition(BaseModel):
    """`column` = before + `left` + between + `right` + after, in `share` (0–1) of the rows that were looked at."""

    model_config = ConfigDict(frozen=True)

    column: str
    left: str
    right: str
    before: str = ""
    between: str = ""
    after: str = ""
    share: float = 0.0

    def write(self, left: str, right: str) -> str:
        """The composed value."""
        return f"{self.before}{left}{self.between}{right}{self.after}"

    def left_in(self, whole: str, right: str) -> str | None:
        """The left part of a whole that ends as this right part says, else None."""
        tail = f"{self.between}{right}{self.after}"
        return (
            whole[len(self.before) : -len(tail)]
            if whole.startswith(self.before) and whole.endswith(tail) and tail
            else None
        )

    def right_in(self, whole: str, left: str) -> str | None:
        """The right part of a whole that begins as this left part says, else None."""
        head = f"{self.before}{left}{self.between}"
        rest = whole[len(head) :] if whole.startswith(head) else None
        return rest if rest is None or not self.after else rest.removesuffix(self.after)


def compositions(rows: pl.DataFrame, columns: Sequence[str]) -> list[Composition]:
    """Every composition of two other text columns that holds in most rows."""
    # Rows from the whole length of the table: its beginning may be all of one kind.
    seen = rows.select(columns).gather_every(max(1, rows.height // SEEN_ROWS))
    found = []
    for whole in columns:
        inside = [c for c in columns if c != whole and _holds(seen, whole, c) >= LEAST_SHARE][:6]
        for left in inside:
            for right in inside:
                if left != right:
                    triples = seen.select(whole, left, right).drop_nulls().iter_rows()
                    best = _template(triples, (whole, left, right))
                    if best is not None:
                        found.append(best)
    return found


def _holds(seen: pl.DataFrame, whole: str, part: str) -> float:
    """The share of rows whose `whole` holds the text of `part`; 0 for parts too poor to tell anything."""
    both = seen.select(whole, part).drop_nulls()
    if both.height < 20 or both.get_column(part).n_unique() < 5:
        return 0.0
    longer = pl.col(whole).str.len_chars() > pl.col(part).str.len_chars()
    return float(both.select((pl.col(whole).str.contains(pl.col(part), literal=True) & longer).mean()).item() or 0.0)


def _template(triples: Iterable[Triple], names: Triple) -> Composition | None:
    templates: Counter[tuple[str, str, str]] = Counter()
    total = 0
    for whole, left, right in triples:
        total += 1
        start = whole.find(left)
        second = whole.find(right, start + len(left)) if start >= 0 else -1
        if second >= 0:
            templates[(whole[:start], whole[start + len(left) : second], whole[second + len(right) :])] += 1
    if not templates:
        return None
    (before, between, after), count = templates.most_common(1)[0]
    if count < LEAST_SHARE * total or not between:
        return None
    column, left, right = names
    return Composition(
        column=column, left=left, right=right, before=before, between=between, after=after, share=count / total
    )


def settle(triples: Sequence[Triple], composition: Composition) -> list[tuple[Triple, Triple]]:
    """(as it is, as it should be) for each row whose whole and parts disagree, where one reading is the likelier.

    A whole that was copied from another row is wrong. Between a whole and one part that are a slip apart, the one that
    other rows vouch for is right. All else is left.
    """
    agreeing = [t for t in triples if composition.write(t[1], t[2]) == t[0]]
    parts = (Counter(t[1] for t in agreeing), Counter(t[2] for t in agreeing))
    known = Known(wholes={t[0] for t in agreeing}, lefts=parts[0], rights=parts[1])
    settled = []
    for triple in {t for t in triples if composition.write(t[1], t[2]) != t[0]}:
        better = _better(triple, composition, known)
        if better is not None:
            settled.append((triple, better))
    return sorted(settled)[:MOST_MISMATCHES]


@dataclass(frozen=True)
class Known:
    """What the rows say that agree in themselves."""

    wholes: set[str]
    lefts: Counter[str]
    rights: Counter[str]


def _better(triple: Triple, made: Composition, known: Known) -> Triple | None:
    whole, left, right = triple
    composed = made.write(left, right)
    other_left, other_right = made.left_in(whole, right), made.right_in(whole, left)
    if composed in known.wholes:
        return None  # the parts may have been copied from the other row
    if whole in known.wholes:  # the whole was copied from another row, unless the part they share is mere chance
        shared = known.rights[right] if other_left is not None else known.lefts[left]
        contradicts_both = other_left is None and other_right is None
        usual = _usual(left, known.lefts) and _usual(right, known.rights)
        return (composed, left, right) if usual and (contradicts_both or shared >= 3) else None
    return _slip(triple, composed, other_left, other_right, known)


def _usual(part: str, known: Counter[str]) -> bool:
    """Whether the part is one of a vocabulary; in a column of mostly single values nothing can be said against it."""
    return part in known or known.total() < 3 * len(known)


def _slip(
    triple: Triple, composed: str, other_left: str | None, other_right: str | None, known: Known
) -> Triple | None:
    whole, left, right = triple
    if other_left is not None and OSA.distance(left, other_left) <= 2:
        if other_left in known.lefts and left not in known.lefts:
            return whole, other_left, right
        if left in known.lefts and other_left not in known.lefts:
            return composed, left, right
    if other_right is not None and OSA.distance(right, other_right) <= 2:
        if other_right in known.rights and right not in known.rights:
            return whole, left, other_right
        if right in known.rights and other_right not in known.rights:
            return composed, left, right
    return None
