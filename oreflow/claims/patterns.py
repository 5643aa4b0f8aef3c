"""Patterns: the part of regular expressions that Python, Polars (Rust) and DuckDB (RE2) read alike.

The rule: a pattern must match the whole cell, `\\d`, `\\w` and `\\s` mean ASCII, and what the three read differently
(look-around, back references, `\\b`, nested classes, flags for the whole pattern) is refused with its replacement.
"""

import re

from oreflow.errors import ContractError

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\v"}
_CONTROLS = frozenset("tnrfv")
_GROUPS = ("(?:", "(?i:")
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_MOST_REPEATS = 1000


def portable(pattern: str) -> str:
    """The pattern in the spelling that the three engines share; `ContractError` for what they read differently."""
    out: list[str] = []
    at, inside = 0, False
    while at < len(pattern):
        piece, width = _in_class(pattern, at) if inside else _outside(pattern, at)
        inside = inside != (piece in ("[", "[^", "]"))
        out.append(piece)
        at += width
    translated = "".join(out)
    try:
        re.compile(translated)
    except re.error as error:
        raise ContractError(f'pattern "{pattern}" is no regular expression: {error}.') from error
    return translated


def whole_cell(pattern: str) -> str:
    """The pattern as Polars and DuckDB want it."""
    return rf"\A(?:{portable(pattern)})\z"


def whole_cell_python(pattern: str) -> str:
    """The pattern as Python, and so Great Expectations, wants it."""
    return rf"\A(?:{portable(pattern)})\Z"


def _outside(pattern: str, at: int) -> tuple[str, int]:
    sign = pattern[at]
    if sign == "\\":
        return _escape(pattern, at, inside=False)
    if sign == "[":
        return ("[^", 2) if pattern[at + 1 : at + 2] == "^" else ("[", 1)
    if pattern.startswith("(?", at):
        return _group(pattern, at)
    if sign == "{":
        return _repeat(pattern, at)
    if sign in "*+?" and pattern[at + 1 : at + 2] == "+":
        raise _refused(pattern, pattern[at : at + 2], "write the repeat once")
    return (f"\\{sign}" if sign in "]}" else sign), 1


def _in_class(pattern: str, at: int) -> tuple[str, int]:
    sign = pattern[at]
    if sign == "\\":
        return _escape(pattern, at, inside=True)
    if sign == "[" or (sign == "]" and pattern[:at].endswith(("[", "[^"))):
        raise _refused(pattern, sign, f"inside a class write \\{sign}")
    if pattern[at : at + 2] in ("&&", "--", "~~", "||"):
        raise _refused(pattern, pattern[at : at + 2], "list the class's characters one by one")
    return sign, 1


def _escape(pattern: str, at: int, *, inside: bool) -> tuple[str, int]:
    sign = pattern[at + 1 : at + 2]
    if sign in _CLASSES and sign:
        return (_CLASSES[sign] if inside else f"[{_CLASSES[sign]}]"), 2
    if sign and sign.lower() in _CLASSES and not inside:
        return f"[^{_CLASSES[sign.lower()]}]", 2
    if sign in _CONTROLS or (sign and not sign.isalnum() and sign.isascii() and sign != " "):
        return f"\\{sign}", 2
    raise _refused(pattern, f"\\{sign}", "use ^, $, a class such as [A-Za-z] or a literal")


def _group(pattern: str, at: int) -> tuple[str, int]:
    for opening in _GROUPS:
        if pattern.startswith(opening, at):
            return opening, len(opening)
    raise _refused(pattern, pattern[at : at + 4], "only (…), (?:…) and (?i:…) are read alike everywhere")


def _repeat(pattern: str, at: int) -> tuple[str, int]:
    found = _REPEAT.match(pattern, at)
    if found is None or pattern[found.end() : found.end() + 1] == "+":
        raise _refused(pattern, pattern[at : at + 4], "write {2}, {2,} or {2,5}, or \\{ for the sign itself")
    if max(int(found[1]), int(found[3] or 0)) > _MOST_REPEATS:
        raise _refused(pattern, found[0], f"repeat at most {_MOST_REPEATS} times")
    return found[0], len(found[0])


def _refused(pattern: str, part: str, fix: str) -> ContractError:
    return ContractError(f'pattern "{pattern}": "{part}" is not read alike by every engine; {fix}.')
