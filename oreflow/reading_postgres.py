"""PostgreSQL: one read-only transaction, COPY straight to a file; no row passes through Python objects."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from oreflow.errors import InfrastructureError, SourceError
from oreflow.locating import Location

if TYPE_CHECKING:
    import psycopg

_TYPES = {20: "integer", 21: "integer", 23: "integer", 700: "number", 701: "number", 16: "boolean"}
_TYPES |= {1082: "date", 1114: "timestamp"}
_SECONDS = 8
_TELLING = 6  # characters from which a password is surely no part of another word
_SYSTEM = "('pg_catalog', 'information_schema', 'pg_toast')"


def tables(location: Location) -> tuple[str, ...]:
    """The tables and views that this user can read; those of `public` without their schema."""
    with _connection(location) as connection:
        found = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            f"WHERE table_schema NOT IN {_SYSTEM} ORDER BY 1, 2"
        ).fetchall()
    return tuple(name if schema == "public" else f"{schema}.{name}" for schema, name in found)


def copy_out(location: Location, target: Path) -> tuple[list[str], list[str], int]:
    """Write the rows to `target`; the columns' names and types, and the number of rows by the database's own count."""
    query = location.query.rstrip("; \n") if location.query else f"SELECT * FROM {_quoted(location.table or '')}"
    with _connection(location) as connection:
        described = connection.execute(_raw(f"SELECT * FROM ({query}) AS q LIMIT 0")).description or []
        names = [column.name for column in described]
        nested = _nested(connection, [column.type_code for column in described])
        cells = [f"to_json(c{i})::text" if c.type_code in nested else f"c{i}" for i, c in enumerate(described)]
        aliases = ", ".join(f"c{i}" for i in range(len(names)))
        inner = f"SELECT {', '.join(cells)} FROM ({query}) AS q({aliases})"
        options = "FORMAT csv, NULL '', FORCE_QUOTE *"
        with connection.cursor() as cursor, target.open("wb") as file:
            with cursor.copy(_raw(f"COPY ({inner}) TO STDOUT ({options})")) as copied:
                for block in copied:
                    file.write(block)
            rows = cursor.rowcount
    return names, [_TYPES.get(column.type_code, "text") for column in described], rows


@contextmanager
def _connection(location: Location) -> Iterator["psycopg.Connection[Any]"]:
    import psycopg

    try:
        connection = psycopg.connect(location.url or "", connect_timeout=_SECONDS)
    except psycopg.OperationalError as error:
        raise InfrastructureError(
            f"{location.label} did not answer: {_safe(error, location)}; check host, port, user and password "
            "(PGPASSWORD or ~/.pgpass work too) and that the server runs."
        ) from None
    except psycopg.ProgrammingError as error:
        raise SourceError(f"{location.label}: {_safe(error, location)}; mend the address.") from None
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(
            "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'iso_8601'"
        )
        yield connection
    except psycopg.DatabaseError as error:
        if connection.broken:
            raise InfrastructureError(f"{location.label} broke off: {_safe(error, location)}; try again.") from None
        raise SourceError(f"{location.label}: PostgreSQL says: {_safe(error, location)}; mend the query.") from None
    finally:
        connection.close()


def _nested(connection: "psycopg.Connection[Any]", codes: list[int]) -> set[int]:
    found = connection.execute(
        "SELECT oid FROM pg_type WHERE oid = ANY(%s) AND (typcategory = 'A' OR typtype = 'c')", [codes]
    ).fetchall()
    return {oid for (oid,) in found}


def _safe(error: Exception, location: Location) -> str:
    return _without_secrets(" ".join(str(error).split()), location.url or "")


def _without_secrets(text: str, url: str) -> str:
    """`text` without what stands where passwords stand; a short one is no word that can be looked for elsewhere."""
    text = re.sub(r"(://[^\s/:@]*:)\S*@", r"\1***@", text)
    text = re.sub(r"(password\s*=\s*)('[^']*'|[^\s&]+)", r"\1***", text, flags=re.IGNORECASE)
    parts = urlsplit(url)
    given = [parts.password or "", *(value for key, value in parse_qsl(parts.query) if "password" in key.lower())]
    for secret in {form for word in given for form in (word, unquote(word))}:
        if len(secret) >= _TELLING:
            text = text.replace(secret, "***")
    return text


def _raw(query: str) -> Any:
    return query.encode()  # bytes: the user's own SQL, where % stands for itself


def _quoted(name: str) -> str:
    schema, dot, table = name.rpartition(".")
    parts = [schema, table] if dot else [table]
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
