"""Database: the SQLite file behind the ledger; short transactions, and one clear error when it can't be used.

The file appears whole, with its tables and in write-ahead mode, so that two processes that both create it agree. Every
transaction opens its own connection: threads and forked processes share nothing.
"""

import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from oreflow.errors import InfrastructureError

PATIENCE = 30.0  # seconds that a transaction waits for another one


class Database:
    """One SQLite file whose shape is the outcome of `migrations`, each a script from one version to the next."""

    def __init__(self, path: Path, migrations: Sequence[str], *, what: str) -> None:
        self.path, self._migrations, self._what = path, tuple(migrations), what

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits when the block ends well; the file is made if need be."""
        with self._explained():
            if not self.path.exists():
                self._create()
            with closing(self._connect()) as connection:
                self._upgrade(connection)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from; where there is no file yet, an empty one in memory."""
        with self._explained():
            if not self.path.exists():
                with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
                    empty.row_factory = sqlite3.Row
                    self._upgrade(empty)
                    yield empty
                return
            with closing(self._connect()) as connection:
                self._upgrade(connection)
                yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    def _create(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                self._upgrade(connection)
            with suppress(FileExistsError):
                os.link(draft, self.path)  # unlike a rename, it never takes the place of another's file
        finally:
            draft.unlink(missing_ok=True)

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        version = _version(connection)
        if version > len(self._migrations):
            raise InfrastructureError(
                f"{self.path} was written by a newer Oreflow (its format is {version}, this one knows"
                f" {len(self._migrations)}); upgrade Oreflow, or use another warehouse."
            )
        if version == len(self._migrations):
            return
        connection.execute("BEGIN IMMEDIATE")
        for script in self._migrations[_version(connection) :]:  # another process may have been quicker
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
        connection.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise InfrastructureError(
                f"{self._what} {self.path} can't be used now: {error}. Check that the folder can be written,"
                " that the disk has room, and that no other program keeps the file locked."
            ) from error
        except sqlite3.DatabaseError as error:
            raise InfrastructureError(
                f"{self._what} {self.path} is damaged: {error}. Restore it from a copy, or move it away: a new one is"
                " started then; the tables and their versions don't depend on it."
            ) from error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
