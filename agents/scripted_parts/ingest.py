"""The scripted ingesting agent: reads once without a header, looks at the rows, settles header, notes and marks."""

import re
from collections.abc import Iterable, Sequence

from agents.scripted_parts.shapes import Row, filled, first_table_row, names_columns, shape
from oreflow.dialects import ONE_COLUMN, Dialect
from oreflow.ingesting import SheetFacts, SourceObservation, Trial
from oreflow.operation import Finish, Operation
from oreflow.operations.reading import ReadCsv, ReadExcel, ReadJson, ReadJsonLines, ReadParquet, ReadSql

_TRUST = {
    ",": 1.0,
    ";": 1.0,
    "\t": 1.0,
    "|": 1.0,
    "^": 0.95,
    "~": 0.9,
    "\x01": 0.95,
    "\x1f": 0.95,
    ":": 0.46,
    " ": 0.46,
}
_ENOUGH = 0.35
_COMMA_NUMBER = re.compile(r"-?(\d{1,3}([. ]\d{3})+|\d+),\d+\s*(%|€)?")
_ONLY_COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|0,\d+)\s*(%|€)?")
_POINT_NUMBER = re.compile(r"-?\d+\.(\d{1,2}|\d{4,})\s*%?")


def choose(observation: SourceObservation) -> Operation:
    """The next reading operation, or `Finish` when the source reads or nothing more can be tried."""
    plan = {"text": _text, "xlsx": _sheet, "json": _json, "jsonl": _json_lines}.get(observation.form, _plain)
    return plan(observation)


def _plain(seen: SourceObservation) -> Operation:
    if seen.trial is not None or seen.refused:
        return Finish(reason="it reads" if seen.trial else "its one way of reading it was refused")
    if seen.form == "database":
        return ReadSql(table=seen.table, query=seen.query, reason="the source names it")
    return ReadParquet(reason="the file begins and ends with PAR1")


def _json_lines(seen: SourceObservation) -> Operation:
    if seen.trial is not None or seen.refused:
        return Finish(reason="it reads" if seen.trial else "the records are broken")
    return ReadJsonLines(encoding=_encoding(seen), reason="each line is an object")


def _json(seen: SourceObservation) -> Operation:
    if seen.trial is not None or seen.refused:
        return Finish(reason="it reads" if seen.trial else "the records are broken")
    member = seen.members[0] if seen.members else None
    reason = f'"{member}" holds the longest list of records' if member else "the file is a list of objects"
    return ReadJson(encoding=_encoding(seen), member=member, reason=reason)


def _sheet(seen: SourceObservation) -> Operation:
    if seen.refused or not seen.sheets:
        return Finish(reason="no sheet reads as a table")
    sheet = max(seen.sheets, key=_tableness)
    if seen.trial is None:
        reason = f"of {len(seen.sheets)} sheets it holds most cells of a table"
        return ReadExcel(sheet=sheet.name, header=False, reason=reason)
    if seen.recipe.get("header", True):
        return Finish(reason="the header names the columns")
    rows, place = seen.trial.rows, first_table_row(seen.trial.rows)
    header = names_columns(rows[place], rows[place + 1 :])
    skip = seen.trial.lines[place] - 1 if place else 0
    if not header and not skip:
        return Finish(reason="the first row is data like the ones below")
    return ReadExcel(sheet=sheet.name, skip=skip, header=header, reason=_why(skip, header=header))


def _tableness(sheet: SheetFacts) -> float:
    if sheet.rows < 2 or sheet.columns < 2:
        return sheet.rows * sheet.columns * 0.01
    return sheet.rows * sheet.columns * sheet.filled


def _text(seen: SourceObservation) -> Operation:
    if seen.trial is None:
        tried = [attempt for attempt in seen.refused if "does not fit" in attempt.error]
        if len(tried) < len(seen.refused) or len(tried) >= len(seen.encodings):
            return Finish(reason="the file is broken, not written in some other way")
        return _first_look(seen, seen.encodings[len(tried)])
    looks = seen.step - len(seen.refused)
    if seen.recipe.get("header", True) or seen.error is not None or looks > 1:
        return Finish(reason="the recipe reads every row")
    return _settled(seen, seen.trial)


def _first_look(seen: SourceObservation, encoding: str) -> ReadCsv:
    dialect = best_dialect(seen.dialects, seen.lines)
    if dialect is None:
        reason = "no delimiter splits the lines alike, so it is one column"
        return ReadCsv(encoding=encoding, delimiter=ONE_COLUMN, header=False, reason=reason)
    share = f"{dialect.consistency:.0%} of the records have {dialect.fields} fields"
    return ReadCsv(
        encoding=encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        space_after_delimiter=dialect.space_after_delimiter,
        header=False,
        reason=f"by {dialect.delimiter!r} {share}",
    )


def _settled(seen: SourceObservation, trial: Trial) -> Operation:
    """The same reading with header, skipped lines and decimal mark."""
    first = ReadCsv.model_validate({k: v for k, v in seen.recipe.items() if k in _KEPT})
    place = first_table_row(trial.rows) if len(trial.columns) > 1 else _after_comments(trial.rows)
    body = trial.rows[place + 1 :]
    header = bool(trial.rows) and names_columns(_named_part(trial.rows[place], body), body)
    skip = trial.lines[place] - 1 if place else 0
    decimal = decimal_mark(trial.rows[place:], delimiter=first.delimiter)
    columns = _row_named(trial.rows[place], body) if header else ()
    return first.model_copy(
        update={
            "skip": skip,
            "header": header,
            "decimal": decimal,
            "columns": columns,
            "reason": _why(skip, header=header),
        }
    )


_KEPT = ("encoding", "delimiter", "quote", "escape", "space_after_delimiter")


def best_dialect(found: Iterable[Dialect], lines: Sequence[str]) -> Dialect | None:
    """The dialect that splits most records alike into clean cells; none where the text is one column."""
    worth = {d: _TRUST[d.delimiter] * d.consistency**1.5 * d.clean * (1 - 0.5 / d.fields) for d in found}
    usable = [d for d in worth if worth[d] >= _ENOUGH and not _is_one_column(d, lines)]
    usable = [d for d in usable if not any(_stands_in_cells(d, of, lines) for of in usable)]
    return max(usable, key=lambda d: (worth[d], d.fields), default=None)


def _stands_in_cells(mark: Dialect, wide: Dialect, lines: Sequence[str]) -> bool:
    """Whether `mark` only stands in cells of a table at least twice as wide, as in `id,a|b,c,d`."""
    if wide.fields < 2 * mark.fields or wide.consistency < mark.consistency or wide.before > mark.before:
        return False
    if _TRUST[wide.delimiter] < 1 or mark.before >= len(lines):
        return False
    cells = lines[mark.before].split(mark.delimiter)
    # One comma in each cell would be prose or a decimal mark: it gives one field more than `mark`, never twice as many.
    return all(wide.delimiter in cell and shape(cell) == "text" for cell in cells)


def _is_one_column(dialect: Dialect, lines: Sequence[str]) -> bool:
    """Cells that only hold the mark, as in `name` / `Doe, Jane`, `price` / `1,5` or `at` / `10:30:00`."""
    below = [line for line in lines[1:] if line.strip()]
    if dialect.delimiter in ": " and below and all(shape(line) in ("number", "date") for line in below):
        return True
    if dialect.before != 1 or dialect.delimiter not in ", :" or (dialect.fields != 2 and dialect.delimiter == ","):
        return False
    rows = [line.split(dialect.delimiter) for line in below if dialect.delimiter in line]
    return bool(rows) and (not names_columns(rows[0], rows[1:]) or all(row[1].startswith(" ") for row in rows))


def decimal_mark(rows: Sequence[Row], *, delimiter: str) -> str:
    """`,` where numbers are written 1.234,5 and none as 1,234.5."""
    cells = [cell.strip() for row in rows for cell in row if cell]
    comma = sum(bool(_ONLY_COMMA.fullmatch(cell)) for cell in cells)
    point = sum(bool(_POINT_NUMBER.fullmatch(cell)) for cell in cells)
    thousands = delimiter == "," and not any(re.fullmatch(r"-?\d+,\d{1,2}", cell) for cell in cells)
    return "," if comma > point and not thousands else "."


def _named_part(row: Row, below: Sequence[Row]) -> Row:
    """The header's cells over the columns they name: shifted by one where the rows begin with an unnamed one."""
    return [None, *row[: len(row) - 1]] if _row_named(row, below) else row


def _row_named(row: Row, below: Sequence[Row]) -> tuple[str, ...]:
    """Names with one for the leading column, where n headings stand over rows of n + 1 cells that begin with a key."""
    cells = [cell for cell in row if cell is not None]
    if len(row) < 2 or len(cells) != len(row) - 1 or row[-1] is not None or not below:
        return ()
    full = all(line[-1] is not None and line[-1].strip() for line in below)
    keys = [line[0] for line in below]
    shifted = full and len(set(keys)) == len(keys) and any(shape(cell) != "text" for line in below for cell in line[1:])
    return ("column_1", *(cell.strip() for cell in cells)) if shifted else ()


def _after_comments(rows: Sequence[Row]) -> int:
    place = 0
    while place < len(rows) - 1 and (not filled(rows[place]) or (rows[place][0] or "").startswith("#")):
        place += 1
    return place


def _encoding(seen: SourceObservation) -> str:
    return seen.encodings[0] if seen.encodings else "utf-8"


def _why(skip: int, *, header: bool) -> str:
    notes = f"{skip} lines of notes stand before the table; " if skip else ""
    return notes + ("its first row differs from the rows below: names" if header else "its first row is like the rows")
