"""Locating: the file, table or query that a source string names; its password is never shown or stored."""

import itertools
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from oreflow.errors import SourceError

SQLITE_MAGIC = b"SQLite format 3\x00"
_VISITS = itertools.count()
_SCHEMES = "a file path, sqlite:///file.db?table=t, postgresql://user@host/db?table=t"


@dataclass(frozen=True)
class Location:
    """One source. `label` may be shown and stored; `url` may hold a password and is kept out of `repr`."""

    label: str
    path: Path | None = None
    url: str | None = field(default=None, repr=False)
    database: bool = False
    table: str | None = None
    query: str | None = None
    visit: int = field(default_factory=_VISITS.__next__, repr=False)  # a database may answer otherwise next time

    @property
    def stem(self) -> str:
        """The word a table is named after: the file's stem, or the database table's own name."""
        if self.table:
            return self.table.rsplit(".", 1)[-1]
        if self.path is None:
            return "query"
        return re.sub(r"\.(csv|tsv|txt|json|jsonl|ndjson)$", "", self.path.stem, flags=re.IGNORECASE)


def locate(source: str) -> Location:
    """What `source` names; raises `SourceError` for a scheme or a form that can't be read."""
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme.split("+")[0] in ("postgresql", "postgres"):
        return _postgres(source)
    if scheme == "sqlite":
        return _sqlite(source)
    if scheme == "file":
        return _file(unquote_plus(urlsplit(source).path))
    if scheme in ("http", "https", "ftp", "s3", "gs"):
        raise SourceError(f'"{_without_password(source)}" is not on this machine; download it and name the file.')
    if scheme:
        raise SourceError(f'"{scheme}://" is no source that can be read; known: {_SCHEMES}.')
    return _file(source)


def database_file(path: Path) -> bool:
    """Whether the file is an SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def check_file(path: Path) -> None:
    """Raise `SourceError` unless `path` is a file that can be opened and holds at least one byte."""
    if not path.exists():
        near = _neighbours(path)
        raise SourceError(
            f"{path} does not exist; {near or 'check the path (relative paths start at ' + str(Path.cwd()) + ')'}."
        )
    if path.is_dir():
        raise SourceError(f"{path} is a folder; name one file in it{_inside(path)}.")
    if not path.is_file():
        raise SourceError(f"{path} is a device or pipe, which can't be read twice; save it as a file first.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise SourceError(f"{path} can't be opened: {error.strerror}; change its permissions (chmod u+r).") from error
    if not first:
        raise SourceError(f"{path} is empty (0 bytes); export it again.")


def _file(text: str) -> Location:
    path = Path(text).expanduser()
    if path.exists():
        return _database(path, None, None) if path.is_file() and _opens_as_database(path) else Location(text, path)
    bare, table, query = _selection(text)
    if bare != text and (table or query):
        path = Path(bare).expanduser()
        check_file(path)
        if not database_file(path):
            raise SourceError(f"{path} is no SQLite database; a table or query can only be named for a database.")
        return _database(path, table, query)
    return Location(text, path)


def _opens_as_database(path: Path) -> bool:
    try:
        return database_file(path)
    except OSError:
        return False  # check_file says why when it is read


def _sqlite(source: str) -> Location:
    bare, table, query = _selection(source)
    path = Path(unquote_plus(bare[len("sqlite://") :].removeprefix("/"))).expanduser()
    check_file(path)
    if not database_file(path):
        raise SourceError(f"{path} is no SQLite database; name the file without sqlite:/// to read it by its content.")
    return _database(path, table, query)


def _database(path: Path, table: str | None, query: str | None) -> Location:
    return Location(f"sqlite:///{path}" + _suffix(table, query), path, database=True, table=table, query=query)


def _postgres(source: str) -> Location:
    bare, table, query = _selection(source)
    url = re.sub(r"^(postgresql|postgres)(\+\w+)?://", "postgresql://", bare, flags=re.IGNORECASE)
    label = _without_password(url) + _suffix(table, query)
    return Location(label, None, url, database=True, table=table, query=query)


def _selection(source: str) -> tuple[str, str | None, str | None]:
    """The source without its `table=` / `query=` parameter or `::query`, and those two."""
    found = re.search(r"[?&](table|query)=", source)
    if found is None:
        bare, mark, query = source.partition("::")
        return (bare, None, query.strip()) if mark and query.strip() else (source, None, None)
    bare, value = source[: found.start()], source[found.end() :]
    if found[1] == "query":  # raw SQL holds spaces, & and +; an encoded one holds none of them
        return bare, None, value.strip() if re.search(r"\s", value) else unquote_plus(value)
    name, _, rest = value.partition("&")
    if re.match(r"(table|query)=", rest):
        raise SourceError("a source names either a table or a query, not both; leave one out.")
    return bare + (f"{found[0][0]}{rest}" if rest else ""), unquote_plus(name), None


def _suffix(table: str | None, query: str | None) -> str:
    return f"?table={table}" if table else f"?query={query}" if query else ""


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    kept = [(key, value) for key, value in parse_qsl(parts.query) if "password" not in key.lower()]
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host, query=urlencode(kept)))


def _neighbours(path: Path) -> str:
    from difflib import get_close_matches

    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    near = get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1, cutoff=0.6)
    return f'did you mean "{path.parent / near[0]}"?' if near else ""


def _inside(folder: Path) -> str:
    names = sorted(p.name for p in folder.iterdir() if p.is_file())[:5]
    return f", such as {', '.join(names)}" if names else ""
