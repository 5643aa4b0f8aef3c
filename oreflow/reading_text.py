"""Text files: decoded strictly to UTF-8, and put into plain quoting where the source's own is irregular."""

import codecs
import csv
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from oreflow.errors import SourceError
from oreflow.reading_recipe import ReadingRecipe
from oreflow.scratch import derived

_BLOCK = 1 << 22
_END = "\x02end of file\x03"
_LONGEST = 1 << 28  # a record longer than this is a quote that nothing closes
_UTF8 = ("utf-8", "ascii")


def utf8_file(path: Path, encoding: str) -> Path:
    """The file itself where it is UTF-8, else a UTF-8 copy; raises naming the line where the encoding does not fit."""
    codec = _codec(encoding)
    facts = path.stat()
    if codec in _UTF8:
        _verified(path, facts.st_size, facts.st_mtime_ns, codec)
        return path
    return derived(path, f"utf8 from {codec}", lambda target: _transcode(path, target, codec))


def plain_quoting(path: Path, recipe: ReadingRecipe, *, newline: str) -> Path:
    """A copy of a UTF-8 file with commas and regular quotes, lines where they were; raises where a quote runs wild."""
    purpose = f"plain {recipe.delimiter}{recipe.quote}{recipe.escape}{recipe.space_after_delimiter}{recipe.skip}"
    return derived(path, purpose, lambda target: _rewrite(path, target, recipe, newline=newline))


def _codec(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise SourceError(f'no encoding "{encoding}" is known; try utf-8, cp1252, latin-1 or utf-16.') from error
    return "utf-8" if name == "utf-8-sig" else name


@lru_cache(maxsize=64)
def _verified(path: Path, size: int, mtime: int, codec: str) -> None:
    for _ in _decoded(path, codec):
        pass


def _transcode(path: Path, target: Path, codec: str) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        for place, text in enumerate(_decoded(path, codec)):
            file.write(text.removeprefix("\ufeff") if place == 0 else text)


def _decoded(path: Path, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)()
    done = lines = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield _decode(decoder, block, path, codec, done=done, lines=lines)
            done, lines = done + len(block), lines + block.count(b"\n")
        yield _decode(decoder, b"", path, codec, done=done, lines=lines, final=True)


def _decode(
    decoder: codecs.IncrementalDecoder,
    block: bytes,
    path: Path,
    codec: str,
    *,
    done: int,
    lines: int,
    final: bool = False,
) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        bad = error.object[error.start : error.start + 1].hex()
        held = len(error.object) - len(block)  # bytes kept back from the block before
        line = lines + 1 + error.object[: error.start].count(b"\n")
        raise SourceError(
            f"{path} is not {codec}: byte 0x{bad} at offset {done - held + error.start} (line {line}) does not fit; "
            "give the encoding it was saved in (often cp1252 or utf-16), or save it as UTF-8."
        ) from error


def _rewrite(path: Path, target: Path, recipe: ReadingRecipe, *, newline: str) -> None:
    csv.field_size_limit(sys.maxsize)
    with (
        path.open(encoding="utf-8-sig", newline=newline) as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        for _ in range(recipe.skip):
            source.readline()
            file.write("\r\n")  # so that every line keeps its number
        writer = csv.writer(file, lineterminator="\r\n")
        for row in _rows(source, path, recipe):
            if row:
                writer.writerow(row)
            else:
                file.write("\r\n")


def _rows(source: Iterator[str], path: Path, recipe: ReadingRecipe) -> Iterator[list[str]]:
    held: list[str] = []
    reader = csv.reader(
        _fed(source, held, recipe, path),
        delimiter=recipe.delimiter,
        quotechar=recipe.quote or '"',
        quoting=csv.QUOTE_MINIMAL if recipe.quote else csv.QUOTE_NONE,
        skipinitialspace=recipe.space_after_delimiter,
    )
    regular = _regular_record(recipe)
    line = recipe.skip + 1
    while True:
        try:
            row = next(reader)
        except csv.Error as error:
            raise SourceError(f"{path}, line {line}: {error}; mend that line.") from error
        if row == [_END]:
            return
        if row and row[-1].endswith(_END + "\n"):
            raise SourceError(unclosed(path, line))
        if len(held) > 1 and not regular.fullmatch("".join(held)):
            raise SourceError(
                f"{path}: a quote opened in line {line} runs on to line {line + len(held) - 1} and closes in the "
                "middle of a field; close it in its own line, or double the quotes within it."
            )
        line += len(held)
        held.clear()
        yield row


def unclosed(path: Path, line: int) -> str:
    """The message for a quote that nothing closes."""
    return (
        f"{path}: the quote opened in line {line} is never closed, so the rest of the file would be lost in one cell; "
        "close that quote, or fetch the file again if it was cut off."
    )


def _fed(source: Iterator[str], held: list[str], recipe: ReadingRecipe, path: Path) -> Iterator[str]:
    """The lines, held until their record is done; then a mark that only a closed last record leaves alone."""
    escape, quote = recipe.escape, recipe.quote
    length = 0
    for number, raw in enumerate(source, start=recipe.skip + 1):
        length = length + len(raw) if held else len(raw)
        if length > _LONGEST and len(held) > 1:
            raise SourceError(unclosed(path, number - len(held)))
        line = raw if raw.endswith(("\n", "\r")) else raw + "\n"
        if escape and quote:
            line = re.sub(
                re.escape(escape) + f"([{re.escape(escape + quote)}])",
                lambda found: quote * 2 if found[1] == quote else found[1],
                line,
            )
        held.append(line)
        yield line
    yield _END + "\n"


def _regular_record(recipe: ReadingRecipe) -> re.Pattern[str]:
    quote, mark = re.escape(recipe.quote or '"'), re.escape(recipe.delimiter)
    space = " *" if recipe.space_after_delimiter else ""
    cell = f"{space}(?:{quote}(?:[^{quote}]+|{quote}{quote})*{quote}|[^{quote}{mark}\r\n]*)"
    return re.compile(f"{cell}(?:{mark}{cell})*\r?\n?")
