"""Letters: lower, upper and title case of a column, beyond ASCII and alike on every engine."""

import polars as pl

from oreflow.engines import sql_name, sql_text, with_native
from oreflow.tables import Frame

# What DuckDB's upper leaves small: letters whose capital is two or more, and two that Unicode 16 gave a capital.
_LONG_CAPITALS = {
    letter: letter.upper()
    for letter in map(chr, [*range(0xDF, 0x600), *range(0x1E00, 0x2000), *range(0xFB00, 0xFB18)])
    if len(letter.upper()) > 1
} | {"\u019b": "\ua7dc", "\u0264": "\ua7cb"}


def lower(frame: Frame, column: str, *, into: str | None = None) -> Frame:
    """Lower case; Σ always becomes σ and İ becomes i with a dot above, wherever they stand."""
    cell = f"replace(replace({sql_name(column)}, 'Σ', 'σ'), 'İ', 'i\u0307')"
    text = pl.col(column).str.replace_all("Σ", "σ", literal=True)
    return with_native(
        frame, polars={into or column: text.str.to_lowercase()}, duckdb={into or column: f"lower({cell})"}
    )


def upper(frame: Frame, column: str) -> Frame:
    """Upper case; ß becomes SS, ligatures come apart."""
    polars = {column: pl.col(column).str.to_uppercase()}
    return with_native(frame, polars=polars, duckdb={column: _upper_sql(sql_name(column))})


def title(frame: Frame, column: str) -> Frame:
    """Lower case with a capital at the start of each word; words end at a space or a hyphen."""
    frame = lower(frame, column)
    words = pl.col(column).str.replace_all("([ -])", "$1\x1f").str.split("\x1f")
    first, rest = pl.element().str.slice(0, 1).str.to_uppercase(), pl.element().str.slice(1)
    polars = words.list.eval(first + rest).list.join("")
    cell = f"regexp_replace({sql_name(column)}, '([ -])', '\\1\x1f', 'g')"
    word = f"lambda w: {_upper_sql('left(w, 1)')} || substr(w, 2)"
    sql = f"array_to_string(list_transform(string_split({cell}, '\x1f'), {word}), '')"
    return with_native(frame, polars={column: polars}, duckdb={column: sql})


def _upper_sql(cell: str) -> str:
    long = cell
    for letter, capitals in _LONG_CAPITALS.items():
        long = f"replace({long}, {sql_text(letter)}, {sql_text(capitals)})"
    special = f"regexp_matches({cell}, {sql_text('[' + ''.join(_LONG_CAPITALS) + ']')})"
    return f"CASE WHEN {special} THEN upper({long}) ELSE upper({cell}) END"
