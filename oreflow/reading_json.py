"""JSON records as a lazy table of text columns: scalars as written (1.50 stays 1.50), nested values as JSON text."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from oreflow.errors import SourceError
from oreflow.reading_recipe import Reading, ReadingRecipe, unique_names
from oreflow.reading_text import utf8_file
from oreflow.scratch import derived

_ROWS = 50_000
_CHARS = 1 << 20


class _Number(str):
    """A number's own digits, so that it is not written as a JSON string again when nested."""


def read_json(recipe: ReadingRecipe, path: Path) -> Reading:
    """Read JSON lines, an array of objects, or an object that holds one under `recipe.member`."""
    text = utf8_file(path, recipe.encoding)
    purpose = f"{recipe.kind} records of {recipe.member}"
    folder = derived(text, purpose, lambda target: _write_parts(_records(text, recipe, path), target))
    parts = sorted(folder.glob("*.parquet"))
    if not parts and not recipe.columns:
        raise SourceError(f"{path} holds no records, so its columns can't be known; export it with at least one.")
    if not parts:
        return Reading(_empty(recipe.columns), recipe, 0)
    frames = [pl.scan_parquet(part, glob=False) for part in parts]
    keys = [key for frame in frames for key in frame.collect_schema().names()]
    header = list(dict.fromkeys(keys))
    names = recipe.columns or unique_names(header)
    if len(names) != len(header):
        raise SourceError(f"{path} has {len(header)} keys, the recipe {len(names)} columns; read it without a recipe.")
    frame = pl.concat(frames, how="diagonal").select(header).rename(dict(zip(header, names, strict=True)))
    rows = sum(int(part.select(pl.len()).collect().item()) for part in frames)
    return Reading(frame, recipe.model_copy(update={"columns": names}), rows)


def _empty(columns: tuple[str, ...]) -> pl.LazyFrame:
    return pl.LazyFrame(schema=dict.fromkeys(columns, pl.String))


def _write_parts(records: Iterator[dict[str, Any]], folder: Path) -> None:
    folder.mkdir()
    block: list[dict[str, Any]] = []
    number = 0
    for record in records:
        block.append(record)
        if len(block) == _ROWS:
            _write_part(block, folder / f"{number:06}.parquet")
            block, number = [], number + 1
    if block:
        _write_part(block, folder / f"{number:06}.parquet")


def _write_part(block: list[dict[str, Any]], target: Path) -> None:
    keys = list(dict.fromkeys(key for record in block for key in record))
    columns = {key: [_cell(record.get(key)) for record in block] for key in keys}
    pl.DataFrame(columns, schema=dict.fromkeys(keys, pl.String)).write_parquet(target)


def _cell(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, _Number):
        return str(value)
    return _text(value)


def _text(value: Any) -> str:
    """JSON text with every number in its own digits."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number)


def _records(text: Path, recipe: ReadingRecipe, path: Path) -> Iterator[dict[str, Any]]:
    if recipe.kind == "jsonl":
        return _lines(text, path)
    return _elements(text, recipe.member, path)


def _lines(text: Path, path: Path) -> Iterator[dict[str, Any]]:
    decoder = _decoder()
    with text.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = decoder.decode(line)
            except json.JSONDecodeError as error:
                raise SourceError(f"{path}, line {number}: no JSON ({error.msg}); mend or remove that line.") from error
            yield _record(value, path, f"line {number}")


def _record(value: Any, path: Path, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceError(f"{path}, {place}: a record is an object with named values, not {_text(value)[:40]}.")
    return value


def _elements(text: Path, member: str | None, path: Path) -> Iterator[dict[str, Any]]:
    if member is not None:
        for number, value in enumerate(_member(text, member, path), start=1):
            yield _record(value, path, f"record {number}")
        return
    for number, value in enumerate(_array(text, path), start=1):
        yield _record(value, path, f"record {number}")


def members(path: Path, encoding: str) -> tuple[str, ...]:
    """The keys of an object that hold lists of records, longest first; none where the file is an array."""
    text = utf8_file(path, encoding)
    with text.open(encoding="utf-8-sig") as file:
        if file.read(64).lstrip().startswith("["):
            return ()
    try:
        whole = json.loads(text.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SourceError(_cut(path, error)) from error
    lists = {k: len(v) for k, v in whole.items() if isinstance(v, list) and all(isinstance(r, dict) for r in v)}
    return tuple(sorted(lists, key=lambda key: -lists[key]))


def _member(text: Path, member: str, path: Path) -> list[Any]:
    try:
        whole = _decoder().decode(text.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SourceError(_cut(path, error)) from error
    found = whole.get(member) if isinstance(whole, dict) else None
    if not isinstance(found, list):
        lists = [k for k, v in whole.items() if isinstance(v, list)] if isinstance(whole, dict) else []
        raise SourceError(f'{path} has no list "{member}"; lists in it: {", ".join(lists) or "none"}.')
    return found


def _array(text: Path, path: Path) -> Iterator[Any]:
    """The elements one by one, reading on only when an element is not complete yet."""
    decoder = _decoder()
    with text.open(encoding="utf-8-sig") as file:
        buffer = file.read(_CHARS).lstrip()
        if not buffer.startswith("["):
            raise SourceError(f"{path} is no JSON array; read it as JSON lines or name the member that holds the list.")
        at, buffer = 0, " " + buffer[1:]
        while True:
            at = _next_element(buffer, at)
            if at < len(buffer) and buffer[at] == "]":
                return
            try:
                value, end = decoder.raw_decode(buffer, at)
                whole = end < len(buffer)  # a number at the end of the buffer may go on
            except json.JSONDecodeError as error:
                whole, failure = False, error
            else:
                failure = json.JSONDecodeError("the array does not end", buffer[-40:], 0)
            if whole:
                yield value
                at = end
                continue
            more = file.read(max(_CHARS, len(buffer)))
            if not more:
                raise SourceError(_cut(path, failure))
            buffer, at = buffer[at:] + more, 0


def _next_element(buffer: str, at: int) -> int:
    while at < len(buffer) and buffer[at] in " \t\r\n,":
        at += 1
    return at


def _cut(path: Path, error: json.JSONDecodeError) -> str:
    return f"{path} is no complete JSON ({error.msg}); fetch it again, it may have been cut off."
