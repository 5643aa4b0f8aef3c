"""Misspellings: rare spellings beside a trusted one, by frequency, by edit distance, and by what other columns say.

A value is replaced only where the evidence leaves one candidate. Digits are never guessed: two values whose digits
differ are two values, unless letters stand where the other has digits.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from oreflow.measures.dependencies import encode
from oreflow.measures.shapes import dominant_shape, shape_of

MOST_PAIRS = 20_000_000
NOISY = 3  # slips that make a column one with slips
_NOT_DIGIT = re.compile(r"\D+")
_WORD = re.compile(r"[^\W\d_]+|\d+")


def misspellings(
    column: pl.Series, determinants: Sequence[pl.Series] = (), *, lexicon: Callable[[], Collection[str]] = frozenset
) -> dict[str, str]:
    """Wrong spelling → right spelling for a text column.

    `determinants` are columns that determine it; `lexicon` gives words that other columns vouch for, when asked.
    """
    counts = _counts(column)
    by_group = _from_groups(column, determinants, counts) if determinants else {}
    by_count = _from_counts(counts)
    merged = {w: _nearer(w, by_count.get(w), by_group.get(w)) for w in by_count | by_group}
    if not merged:
        return {}
    words = {word for value in counts if value not in merged for word in _words(value)} | set(lexicon())
    slips = {w: r for w, r in merged.items() if _is_slip(w, r, words)}
    slips = _believed(slips, counts)
    return {wrong: _root(right, slips) for wrong, right in slips.items()}


def _nearer(wrong: str, first: str | None, second: str | None) -> str:
    """The candidate nearer in spelling; the group's (second) on a tie."""
    if first is None or second is None:
        return first or second or wrong
    return first if OSA.distance(wrong, first) < OSA.distance(wrong, second) else second


def _words(value: str) -> list[str]:
    return _WORD.findall(value.lower())


def _is_slip(wrong: str, right: str, known: Collection[str]) -> bool:
    """Whether a word that sets the two apart is strange to the column: `Stout` in `Imperial Stout` is not."""
    ours, theirs = _words(wrong), _words(right)
    strange = set(ours) - set(theirs)
    if strange:
        return any(word not in known for word in strange)
    return "".join(ours) == "".join(theirs) and _slipped_sign(wrong, right)


def _slipped_sign(wrong: str, right: str) -> bool:
    """Only signs differ: `GREEN*` for `GREEN`, `R D` for `R & D`; `A+` and `A`, `C#` and `C` are two values."""
    return bool((set(wrong) ^ set(right)) & set("*&~^`|\\<>{}"))


def lexicon(table: pl.DataFrame, *, without: str) -> set[str]:
    """Words of the values that make up at least 2 % of the cells of any text column but `without`."""
    words: set[str] = set()
    for name in table.columns:
        if name != without and table.schema[name] == pl.String:
            counts = table.get_column(name).drop_nulls().value_counts(name="count")
            common = counts.filter(pl.col("count") >= max(3, 0.02 * table.height)).get_column(name)
            words.update(word for value in common.to_list() for word in _words(value))
    return words


def _counts(column: pl.Series) -> dict[str, int]:
    table = column.drop_nulls().value_counts(sort=True)
    return {str(value): int(count) for value, count in table.iter_rows() if value != ""}


def _root(value: str, mapping: Mapping[str, str]) -> str:
    seen = {value}
    while value in mapping and mapping[value] not in seen:
        value = mapping[value]
        seen.add(value)
    return value


def _from_counts(counts: Mapping[str, int]) -> dict[str, str]:
    """Rare → frequent by spelling alone, in columns whose rare values are mostly near misses of frequent ones.

    That share tells a closed vocabulary with slips from a natural long tail, where a near neighbour is a coincidence.
    """
    total = sum(counts.values())
    trusted = [value for value, count in counts.items() if count >= 5]
    if total < 20 or not trusted or sum(counts[v] for v in trusted) < 0.5 * total:
        return {}
    typical = max(float(np.median([counts[v] for v in trusted])) / 5, _middle_cell(counts) / 10)
    rare = [value for value, count in counts.items() if count <= typical]
    if not rare or len(trusted) > 2000:
        return {}
    usual = [value for value, count in counts.items() if count > typical]
    found = _by_foreign_characters(rare, usual, counts)
    for wrong, candidates in _near(rare, trusted):
        fitting = [c for c in candidates if counts[c] >= 5 * counts[wrong] and _may_be_same(wrong, c)]
        right = _single(fitting, counts)
        if right is not None and wrong not in found and _looks_mistyped(wrong, right):
            found[wrong] = right
    if len(found) < 0.5 * len(rare):
        return {}
    return found


def _believed(slips: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, str]:
    """The slips that are believed, given all that the column shows: `Motel` for `Hotel` may well be a motel.

    Slips differ from one another: in a column that shows fewer than three, the same one again and again is a
    value, and one letter exchanged in a short word is another word. A sign that masks letters in several values is a
    slip anywhere.
    """
    masks = _masks(slips, counts)
    noisy = len(slips) >= NOISY
    return {
        wrong: right
        for wrong, right in slips.items()
        if masks & (set(wrong) - set(right)) or not (_another_word(wrong, right) or (counts[wrong] > 2 and not noisy))
    }


def _another_word(wrong: str, right: str) -> bool:
    """Whether one letter of a short word was exchanged, which may give a word that is meant: `Bear` for `Bean`."""
    short = len(wrong) == len(right) <= 5 and wrong.isalpha() and right.isalpha()
    return short and OSA.distance(wrong, right) == 1 and sorted(wrong) != sorted(right)


def _masks(slips: Mapping[str, str], counts: Mapping[str, int]) -> set[str]:
    """Signs that two or more wrong values put in the place of others, and that no other value of three cells holds."""
    usual = {sign for value, count in counts.items() if count >= 3 and value not in slips for sign in value}
    put = [sign for wrong, right in slips.items() for sign in set(wrong) - set(right)]
    return {sign for sign in set(put) if put.count(sign) >= 2 and sign not in usual}


def _middle_cell(counts: Mapping[str, int]) -> int:
    """How often the value of the middle cell occurs, cells sorted by how often their value occurs."""
    ranked = np.sort(np.array(list(counts.values())))
    return int(ranked[np.searchsorted(np.cumsum(ranked), ranked.sum() / 2)])


def _by_foreign_characters(rare: Iterable[str], trusted: Sequence[str], counts: Mapping[str, int]) -> dict[str, str]:
    """`NORnTH` is `NORTH`: without the kind of character that no trusted value uses, it is a trusted value."""
    kinds = {_kind(c) for value in trusted for c in value}
    known = set(trusted)
    found = {}
    for wrong in rare:
        cleaned = "".join(c for c in wrong if _kind(c) in kinds or c.isdigit())
        if (
            cleaned != wrong
            and cleaned in known
            and counts[cleaned] >= 5 * counts[wrong]
            and len(wrong) - len(cleaned) <= 3
        ):
            found[wrong] = cleaned
    return found


def _from_groups(column: pl.Series, determinants: Sequence[pl.Series], counts: Mapping[str, int]) -> dict[str, str]:
    """Rare → the value that its group (equal determinant) mostly holds, where the two are near in spelling."""
    votes: dict[str, dict[str, int]] = {}
    groups = [_group_counts(column, determinant) for determinant in determinants]
    shape, share = dominant_shape(counts)
    shape = shape if share >= (0.9 if set(shape) == {"9"} else 0.6) else ""
    ruling = {value for group in groups for value in group.filter(pl.col("n") == pl.col("top"))["b"].to_list()}
    for group in groups:
        for wrong, right, weight in _group_pairs(group):
            rare = len(right) > 1 and wrong not in ruling and counts[wrong] <= max(2, 0.1 * counts[right])
            if rare and _near_enough(wrong, right) and (_may_be_same(wrong, right) or _misshapen(wrong, right, shape)):
                votes.setdefault(wrong, {}).setdefault(right, 0)
                votes[wrong][right] += weight
    found = {}
    for wrong, rights in votes.items():
        ranked = sorted(rights.items(), key=lambda item: (-item[1], item[0]))
        if len(ranked) == 1 or ranked[0][1] >= 2 * ranked[1][1]:
            found[wrong] = ranked[0][0]
    return found


def _group_counts(column: pl.Series, determinant: pl.Series) -> pl.DataFrame:
    """Per group `a` with a clear majority: each value `b`, its count `n`, the group's `size` and top count `top`."""
    table = pl.DataFrame({"a": encode(determinant), "b": column}).filter((pl.col("a") >= 0) & pl.col("b").is_not_null())
    counts = table.group_by("a", "b").len("n")
    counts = counts.with_columns(pl.col("n").sum().over("a").alias("size"), pl.col("n").max().over("a").alias("top"))
    return counts.filter((pl.col("top") >= 3) & (pl.col("top") >= 0.6 * pl.col("size")))


def _group_pairs(groups: pl.DataFrame) -> list[tuple[str, str, int]]:
    """(minority value, the group's majority value, the majority's count)."""
    tops = groups.filter(pl.col("n") == pl.col("top")).select("a", pl.col("b").alias("right"))
    pairs = groups.filter(pl.col("n") < pl.col("top")).join(tops, on="a").select("b", "right", "top")
    return list(pairs.iter_rows())


def _kind(character: str) -> str:
    """Lower case, upper case, digit; every other sign is a kind of its own."""
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "digit" if character.isdigit() else character


def _near(rare: Sequence[str], trusted: Sequence[str]) -> Iterable[tuple[str, list[str]]]:
    """For each rare value the trusted values within `_reach` edits, nearest only."""
    if not rare or not trusted or len(rare) * len(trusted) > MOST_PAIRS:
        return
    for start in range(0, len(rare), 2000):
        part = rare[start : start + 2000]
        distance = process.cdist(part, trusted, scorer=OSA.distance, score_cutoff=12, dtype=np.uint16)
        for row, wrong in enumerate(part):
            distance[row][[i for i, value in enumerate(trusted) if value == wrong]] = 999
            near = distance[row].min()
            if near <= _reach(wrong):
                yield wrong, [trusted[int(i)] for i in np.flatnonzero(distance[row] == near)]


def _reach(value: str) -> int:
    """Edits that still speak for a slip: one in short words, one in six characters in long ones, ten at most."""
    return 1 if len(value) < 8 else min(10, max(2, len(value) // 6))


def _near_enough(wrong: str, right: str) -> bool:
    """With a group's word for it, one in three characters may differ, and any number of masked ones."""
    if len(wrong) == len(right):
        differing = [a for a, b in zip(wrong, right, strict=True) if a != b]
        if len(set(differing)) == 1 and not differing[0].isdigit() and len(differing) <= 0.6 * len(right):
            return True
    return OSA.distance(wrong, right) <= max(1, max(len(wrong), len(right)) // 5)


def _single(candidates: Sequence[str], counts: Mapping[str, int]) -> str | None:
    if len(candidates) == 1:
        return candidates[0]
    ranked = sorted(candidates, key=lambda c: -counts[c])
    return ranked[0] if len(ranked) > 1 and counts[ranked[0]] >= 20 * counts[ranked[1]] else None


def _may_be_same(wrong: str, right: str) -> bool:
    """Whether the digits allow it: equal, or lost to letters that stand where the right value has digits."""
    ours, theirs = _NOT_DIGIT.sub("", wrong), _NOT_DIGIT.sub("", right)
    if ours == theirs:
        return ours != wrong or not ours
    if len(wrong) != len(right):
        return False
    differing = [(a, b) for a, b in zip(wrong, right, strict=True) if a != b]
    return all(not a.isdigit() for a, b in differing)


def _misshapen(wrong: str, right: str, shape: str) -> bool:
    """A digit too many or too few: one edit apart, and only the right value has the column's one shape."""
    if re.fullmatch(r"9*\.?9*", shape) and (len(shape) < 4 or "." in shape):
        return False  # an amount, not a code: 0.01 and 0.0 are two values
    return shape_of(right) == shape != shape_of(wrong) and OSA.distance(wrong, right) == 1


def _looks_mistyped(wrong: str, right: str) -> bool:
    """Short codes differ by one letter as a rule: there, only a swap or a letter too many or too few counts."""
    if len(right) >= 5:
        return True
    return len(right) >= 3 and (sorted(wrong) == sorted(right) or len(wrong) != len(right))
