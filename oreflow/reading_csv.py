"""Delimited text as a lazy table of text columns: every record becomes a row, every field a cell, as it stands."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from oreflow.errors import SourceError
from oreflow.reading_layout import CR, Layout, Positions, layout
from oreflow.reading_recipe import Reading, ReadingRecipe, renamed, unique_names
from oreflow.reading_text import plain_quoting, unclosed, utf8_file


@dataclass(frozen=True)
class _Plain:
    """A UTF-8 file that Polars reads right, and its layout."""

    path: Path
    delimiter: str
    quote: str | None
    layout: Layout

    @property
    def newline(self) -> str:
        return "\r" if self.layout.newline == CR else "\n"


def read_csv(recipe: ReadingRecipe, path: Path) -> Reading:
    """Read a delimited file; an empty field is null. Raises naming the line where quotes or fields don't add up."""
    plain = _plain(utf8_file(path, recipe.encoding), recipe, path)
    counted = plain.layout
    if counted.records == 0:
        raise SourceError(f"{path} holds no line after the first {recipe.skip}; lower the number of skipped lines.")
    header = _header(plain, recipe) if recipe.header else []
    names = _names(recipe, header, counted, path)
    frame, records = _data(plain, recipe, names)
    first = 1 if recipe.header else 0
    lines = counted.lines[first:]
    if len(names) == 1 and len(counted.blanks):  # a blank line is a row here
        begin = counted.ends[0] if recipe.header else recipe.skip + 1
        lines = tuple(range(begin, begin + len(lines)))
    return Reading(
        frame,
        recipe.model_copy(update={"columns": names}),
        records,
        _problems(recipe, header, names, counted),
        lines,
    )


def _plain(text: Path, recipe: ReadingRecipe, path: Path) -> _Plain:
    if not recipe.delimiter.isascii() or recipe.escape or recipe.space_after_delimiter:
        return _rewritten(text, recipe, path)
    counted = layout(text, delimiter=recipe.delimiter, quote=recipe.quote, skip=recipe.skip)
    if counted.stray_line is not None and not counted.quoted:  # marks such as 5" in the middle of cells, nothing more
        counted = layout(text, delimiter=recipe.delimiter, quote=None, skip=recipe.skip)
        return _Plain(text, recipe.delimiter, None, counted)
    if counted.stray_line is not None:
        return _rewritten(text, recipe, path)
    if counted.open_line is not None:
        raise SourceError(unclosed(path, counted.open_line))
    return _Plain(text, recipe.delimiter, recipe.quote, counted)


def _rewritten(text: Path, recipe: ReadingRecipe, path: Path) -> _Plain:
    newline = "\r" if layout(text, delimiter=",", quote=None, skip=0).newline == CR else "\n"
    try:
        clean = plain_quoting(text, recipe, newline=newline)
    except SourceError as error:
        raise SourceError(str(error).replace(str(text), str(path))) from error
    return _Plain(clean, ",", '"', layout(clean, delimiter=",", quote='"', skip=recipe.skip))


def _scan(plain: _Plain, names: tuple[str, ...], *, skip: int, index: str | None = None) -> pl.LazyFrame:
    return pl.scan_csv(
        plain.path,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=plain.delimiter,
        quote_char=plain.quote,
        skip_lines=skip,
        eol_char=plain.newline,
        null_values=[""],
        missing_columns="insert",  # the first row may be a short one
        row_index_name=index,
        glob=False,
    )


def _header(plain: _Plain, recipe: ReadingRecipe) -> list[str]:
    places = tuple(f"c{place}" for place in range(plain.layout.widest))
    first = _scan(plain, places, skip=plain.layout.lines[0] - 1).head(1).collect()
    cells = ["" if cell is None else str(cell) for cell in first.row(0)]
    width = next(w for w, (_, line) in sorted(plain.layout.widths.items()) if line == plain.layout.lines[0])
    return cells[:width]


def _names(recipe: ReadingRecipe, header: list[str], counted: Layout, path: Path) -> tuple[str, ...]:
    if not recipe.columns:
        return unique_names(header + [""] * (counted.widest - len(header)))
    over = [line for width, (_, line) in counted.widths.items() if width > len(recipe.columns)]
    if over:
        raise SourceError(
            f"{path}, line {min(over)}: more fields than the {len(recipe.columns)} columns of the recipe; "
            "read the file without a stored recipe, or mend that line."
        )
    return recipe.columns


def _data(plain: _Plain, recipe: ReadingRecipe, names: tuple[str, ...]) -> tuple[pl.LazyFrame, int]:
    """The rows and their number. Blank lines are no rows, but in a single column they are its empty cells."""
    counted = plain.layout
    before, skip = 0, recipe.skip
    if recipe.header:
        before = _first_record(counted.blanks) + 1
        skip = counted.ends[0] - 1
    slots = counted.slots - before
    blanks = counted.blanks[counted.blanks >= before] - before
    if len(names) == 1:
        blanks = _trailing(blanks, slots)
    if not len(blanks):
        return _scan(plain, names, skip=skip), slots
    if int(blanks[0]) == slots - len(blanks):
        return _scan(plain, names, skip=skip).head(slots - len(blanks)), slots - len(blanks)
    index = "_line" if "_line" not in names else "_line_number"
    frame = _scan(plain, names, skip=skip, index=index)
    kept = frame.filter(~pl.col(index).is_in(pl.Series(blanks, dtype=pl.get_index_type()).implode()))
    return kept.drop(index), slots - len(blanks)


def _first_record(blanks: Positions) -> int:
    gaps = np.flatnonzero(blanks != np.arange(len(blanks)))
    return int(gaps[0]) if len(gaps) else len(blanks)


def _trailing(blanks: Positions, slots: int) -> Positions:
    run = np.flatnonzero(blanks[::-1] != np.arange(slots - 1, slots - 1 - len(blanks), -1))
    return blanks[len(blanks) - int(run[0]) :] if len(run) else blanks


def _problems(recipe: ReadingRecipe, header: list[str], names: tuple[str, ...], counted: Layout) -> tuple[str, ...]:
    found = list(renamed(header, names)) if not recipe.columns else []
    if recipe.skip:
        found.append(f"the first {recipe.skip} lines stand before the table and are no rows")
    usual = len(header) or max(counted.widths, key=lambda width: counted.widths[width][0])
    for width, (times, line) in sorted(counted.widths.items()):
        if width > usual:
            found.append(
                f"{times} records have {width} fields, not {usual} (first: line {line}); extra columns keep them"
            )
        elif width < usual:
            found.append(f"{times} records have {width} fields, not {usual} (first: line {line}); the rest is empty")
    if len(counted.blanks) and len(names) > 1:
        found.append(f"{len(counted.blanks)} blank lines are left out")
    return tuple(found)
