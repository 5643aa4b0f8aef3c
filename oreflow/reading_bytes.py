"""First bytes: what kind of file a source is by its content, never by its name, and what its bytes say as text."""

import gzip
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from oreflow.encoding_guess import guess_encodings, utf16_without_mark
from oreflow.errors import SourceError
from oreflow.locating import check_file
from oreflow.reading_parquet import check_parquet
from oreflow.scratch import derived

Form = Literal["text", "json", "jsonl", "xlsx", "parquet"]

_BLOCK = 1 << 22
_HEAD = 1 << 18
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ARCHIVES: Mapping[bytes, str] = {
    b"BZh": "bzip2 (bunzip2 it)",
    b"\xfd7zXZ": "xz (unxz it)",
    b"\x28\xb5\x2f\xfd": "zstandard (unzstd it)",
    b"7z\xbc\xaf": "7-zip (7z x it)",
    b"Rar!": "rar (unrar it)",
}
_PROMISES: Mapping[str, str] = dict.fromkeys((".xlsx", ".xlsm", ".xls"), "an Excel workbook") | {
    ".ods": "a workbook",
    ".parquet": "a parquet file",
}
_OTHERS: Mapping[bytes, str] = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"\x89HDF": "an HDF5 file",
}


@dataclass(frozen=True)
class TextFacts:
    """Counts over every byte of a text file; `encodings` likeliest first."""

    size: int
    mark: str | None
    encodings: tuple[str, ...]
    newline: str
    head: str  # the first part, decoded by the likeliest encoding, up to a whole line


def content_hash(path: Path) -> str:
    """The SHA-256 of the file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def opened_file(path: Path) -> Path:
    """The file itself, or what a gzip file holds; raises for what can't be opened and for other archives."""
    check_file(path)
    head = _head(path, 512)
    if head.startswith(b"\x1f\x8b"):
        inner = derived(path, "gunzip", lambda target: _gunzip(path, target))
        check_file(inner)
        return inner
    for magic, words in _ARCHIVES.items():
        if head.startswith(magic):
            raise SourceError(f"{path} is packed with {words}; name the file that comes out.")
    if head[257:262] == b"ustar":
        raise SourceError(f"{path} is a tar archive; unpack it (tar xf) and name one file in it.")
    return path


def form(path: Path) -> Form:
    """What kind of table file this is by its bytes; raises where it is none."""
    head = _head(path, 1 << 16)
    if head.startswith(b"PAR1"):
        check_parquet(path)
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _workbook(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xlsx"
    for magic, words in _OTHERS.items():
        if head.startswith(magic):
            raise SourceError(f"{path} is {words}, not a table; export the table as CSV, XLSX, JSON or parquet.")
    return _text_form(path)


@lru_cache(maxsize=64)
def _facts(path: Path, size: int, mtime: int) -> TextFacts:
    head = _head(path, _HEAD)
    mark = next((name for magic, name in _MARKS if head.startswith(magic)), None)
    wide = mark if mark in ("utf-16", "utf-32") else None if mark else utf16_without_mark(head[:4096])
    if wide is None and _binary(head):
        raise SourceError(f"{path} is binary, not text; export the table as CSV, XLSX, JSON or parquet.")
    encodings = (wide,) if wide else _encodings(path)
    text = _whole_lines(head, encodings[0])
    if not text.strip("\ufeff \t\r\n"):
        raise SourceError(f"{path} holds nothing but blanks; export it again.")
    newline = "\r\n" if "\r\n" in text else "\n" if "\n" in text or "\r" not in text else "\r"
    return TextFacts(size, mark, encodings, newline, text)


def text_facts(path: Path) -> TextFacts:
    """What the bytes of a text file say; raises for a binary or blank one."""
    facts = path.stat()
    return _facts(path, facts.st_size, facts.st_mtime_ns)


def _encodings(path: Path) -> tuple[str, ...]:
    """UTF-8 if every byte fits; else guesses from lines that hold bytes above 127, wherever in the file they stand."""
    import codecs

    decoder, valid, sample = codecs.getincrementaldecoder("utf-8")(), True, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if len(sample) < _HEAD and not block.isascii():
                sample += b"\n".join(re.findall(rb"[^\n]{0,200}[\x80-\xff][^\n]{0,200}", block)[:500]) + b"\n"
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                valid = False
                if len(sample) >= _HEAD:
                    break
                decoder.reset()
        valid = valid and not decoder.getstate()[0]
    return ("utf-8",) if valid or _mostly_utf8(sample) else (*guess_encodings(sample), "utf-8")


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8 with a few broken bytes: any other encoding would garble all the words that are whole."""
    text = sample.decode("utf-8", errors="replace")
    whole = sum(char > "\x7f" and char != "\ufffd" for char in text)
    return whole > 3 * text.count("\ufffd")


def _binary(head: bytes) -> bool:
    # \x01 and \x1c-\x1f are used as delimiters, \x1a ended files once.
    odd = sum(head.count(code) for code in (*range(2, 9), *range(14, 26), 27, 127))
    return head.count(0) > len(head) // 100 or odd > len(head) // 50


def _whole_lines(head: bytes, encoding: str) -> str:
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    if len(head) < _HEAD:
        return text
    cut = max(text.rfind("\n"), text.rfind("\r"))
    return text[: cut + 1] if cut > 0 else text


def check_ending(path: Path, found: Form) -> None:
    """A text called a workbook or parquet is an export that went wrong, or a file that got the wrong name."""
    promised = _PROMISES.get(path.suffix.lower())
    if promised and found in ("text", "json", "jsonl"):
        ending = "csv" if found == "text" else found
        raise SourceError(f"{path} is text, not {promised}; rename it to .{ending} or export it again.")


def _text_form(path: Path) -> Form:
    text = text_facts(path).head.lstrip()
    lowered = text[:200].lower()
    if lowered.startswith(("<!doctype", "<html", "<?xml", "<xml")):
        raise SourceError(f"{path} is a web page or XML, not a table; was a login page saved? Export it as CSV.")
    if re.match(r"\[\s*[{\]]", text):
        return "json"
    if text.startswith("{"):
        first = text.splitlines()[0]
        return _object_form(first, text[len(first) :].strip())
    return "text"


def _object_form(first: str, rest: str) -> Form:
    try:
        value = json.loads(first)
    except json.JSONDecodeError:
        return "jsonl" if re.match(r'\{\s*"[^"]*"\s*:.*\}\s*$', first) else "json"
    holds_records = any(isinstance(v, list) and v and isinstance(v[0], dict) for v in value.values())
    return "json" if holds_records and not rest else "jsonl"


def _workbook(path: Path) -> Form:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise SourceError(
            f"{path} is a workbook or zip archive cut off before its end ({error}); fetch or save it again."
        ) from error
    if any(name.startswith("xl/workbook") for name in names) or "content.xml" in names:
        return "xlsx"
    raise SourceError(f"{path} is a zip archive ({', '.join(names[:5])}); unzip it and name one file in it.")


def _gunzip(path: Path, target: Path) -> None:
    try:
        with gzip.open(path) as source, target.open("wb") as file:
            while block := source.read(_BLOCK):
                file.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path} is gzip that is cut off or damaged ({error}); fetch it again.") from error


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)
