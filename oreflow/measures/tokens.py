"""Tokens that mean "missing": which cells of a text column say that there is no value.

A word is a token only where the column gives no reason to think that it is a value: `ERROR` beside `INFO` is a log
level, `None` beside `Low` and `High` is a level too, `NA` among two-letter codes is a code.
"""

import re
from collections.abc import Mapping

ALWAYS = frozenset(
    word.strip()
    for word in """
    n/a, n / a, n.a., n.a, #n/a, #na
    nan, null, (null), <null>, nil, <na>, #ref!, #value!, #div/0!, #name?, #num!, #null!
    tbd, tba, tbc, missing, (missing), (blank), blank, undefined, unknown, (unknown), unavailable, invalid, no value
    not available, no data, nodata, not applicable, not provided, not specified, not known
    """.replace("\n", ",").split(",")
    if word.strip()
)
ERROR_WORDS = frozenset({"error", "err", "#error", "#error!"})
NUMERIC_ONLY = frozenset({"none", "unk", "inf", "-inf", "nope"})
NAMES_TOO = frozenset({"nan", "null", "nil", "na"})
OUTCOMES = frozenset(
    re.findall(
        r"\w+",
        """info warn warning debug trace critical fatal success successful ok pass passed fail failed failure completed
        done pending running open closed active timeout""",
    )
)
_PUNCTUATION = re.compile(r"^[^\w\s]{1,}$")
_CODE = re.compile(r"^[A-Z]{2}$")


def missing_tokens(counts: Mapping[str, int], *, typed_share: float) -> dict[str, int]:
    """The values of a column (value → count, stripped) that mean "missing", with their counts.

    `typed_share` is the share of the other values that are numbers or dates: there, more words are plainly no value.
    """
    total = sum(counts.values())
    found = {value: count for value, count in counts.items() if _means_missing(value, counts, typed_share)}
    repeated_marks = {v: c for v, c in counts.items() if v not in found and _is_mark(v) and c <= 0.25 * total}
    return found | repeated_marks


def _means_missing(value: str, counts: Mapping[str, int], typed_share: float) -> bool:
    word = value.strip().lower()
    if word in ("", "?", "??", "???", "-", "--", "---", "–", "—", ".", "..", "...", "_"):
        return True
    if word == "na" and not value.strip().istitle():
        return not _mostly_codes(counts)
    if word in NAMES_TOO and value.strip().istitle():
        return False  # Nan and Null are people's names; software writes NaN, nan or NULL
    if word in ERROR_WORDS:
        return typed_share >= 0.5 or not any(other.lower() in OUTCOMES for other in counts)
    if word in NUMERIC_ONLY:
        return typed_share >= 0.5
    return word in ALWAYS


def _mostly_codes(counts: Mapping[str, int]) -> bool:
    others = [value for value in counts if value.lower() != "na"]
    return bool(others) and sum(bool(_CODE.match(v)) for v in others) >= 0.8 * len(others)


def _is_mark(value: str) -> bool:
    """Two or more of one sign, such as `***` or `###`: nobody's value, but only where it is the exception."""
    return len(value) >= 2 and len(set(value)) == 1 and bool(_PUNCTUATION.match(value))
