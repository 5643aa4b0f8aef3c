"""The ledger: what was run, judged, learned and published, in one SQLite file that needs no server.

Delta holds the data and its versions; the ledger holds the account of them. Losing it loses history, never a table.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from oreflow.errors import InfrastructureError, UnknownName
from oreflow.run import RunRecord
from warehouse.accounts import GateResult, Metric, Publication, RecipeVersion, gate_rows, metric_rows, run_row
from warehouse.database import Database
from warehouse.ledger_schema import MIGRATIONS
from warehouse.liveness import is_dead, this_process
from warehouse.locks import lease

FILE = "ledger.sqlite"


class Ledger:
    """The account of one warehouse; safe for many threads and processes."""

    def __init__(self, root: Path) -> None:
        self.database = Database(root / FILE, MIGRATIONS, what="the ledger")

    def start_run(self, record: RunRecord) -> None:
        """Write a run down as it starts; an unfinished run is then visible to everyone."""
        with self.database.writing() as db:
            db.execute(_PUT_RUN, run_row(record))
            db.execute(_PUT_WORKER, (record.run, json.dumps(this_process())))

    def abandoned(self, domain: str, table: str) -> list[RunRecord]:
        """Runs of a table that are marked as running though their process is gone, newest first."""
        with self.database.reading() as db:
            rows = db.execute(_UNFINISHED, (domain, table)).fetchall()
        return [self._record(row["record"]) for row in rows if is_dead(json.loads(row["process"]))]

    def finish_run(self, record: RunRecord) -> None:
        """Write down what came of it, its gates rule by rule and its numbers column by column, in one transaction."""
        with self.database.writing() as db:
            db.execute(_PUT_RUN, run_row(record))
            db.execute("DELETE FROM gates WHERE run = ?", (record.run,))
            db.execute("DELETE FROM metrics WHERE run = ?", (record.run,))
            db.executemany(f"INSERT INTO gates VALUES ({_marks(15)})", gate_rows(record))
            db.executemany(f"INSERT INTO metrics VALUES ({_marks(7)})", metric_rows(record))

    def run(self, run: str) -> RunRecord:
        """One run's record."""
        with self.database.reading() as db:
            row = db.execute("SELECT record FROM runs WHERE run = ?", (run,)).fetchone()
            if row is None:
                known = [r["run"] for r in db.execute("SELECT run FROM runs ORDER BY started DESC LIMIT 500")]
                raise UnknownName("run", run, known)
        return self._record(row["record"])

    def runs(self, domain: str | None = None, table: str | None = None, *, limit: int | None = 50) -> list[RunRecord]:
        """Runs, newest first."""
        rows = self._select("runs", {"domain": domain, "table_name": table}, order="started DESC", limit=limit)
        return [self._record(row["record"]) for row in rows]

    def gates(
        self,
        domain: str | None = None,
        table: str | None = None,
        *,
        run: str | None = None,
        rule: str | None = None,
        limit: int | None = 1000,
    ) -> list[GateResult]:
        """Rule results, newest first."""
        where = {"domain": domain, "table_name": table, "run": run, "rule": rule}
        rows = self._select("gates", where, order="time DESC, position", limit=limit)
        return [GateResult(**_fields(row)) for row in rows]

    def metrics(
        self,
        domain: str,
        table: str,
        *,
        column: str | None = None,
        metric: str | None = None,
        limit: int | None = 10_000,
    ) -> list[Metric]:
        """Numbers about a table's columns over its runs, newest first."""
        where = {"domain": domain, "table_name": table, "column_name": column, "metric": metric}
        rows = self._select("metrics", where, order="time DESC", limit=limit)
        return [Metric(**_fields(row)) for row in rows]

    def save_recipe(
        self, domain: str, table: str, recipe: str | Mapping[str, Any], *, layer: str = "silver", run: str | None = None
    ) -> tuple[str, int]:
        """Keep a recipe and return its id and its version; the table's newest recipe again is no new version."""
        content = json.loads(recipe) if isinstance(recipe, str) else recipe
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        with self.database.writing() as db:
            db.execute("INSERT OR IGNORE INTO recipes VALUES (?, ?)", (name, text))
            key = (domain, table, layer)
            last = db.execute(_NEWEST_RECIPE, key).fetchone()
            if last is not None and last["id"] == name:
                return name, int(last["version"])
            version = 1 if last is None else int(last["version"]) + 1
            db.execute(f"INSERT INTO recipe_versions VALUES ({_marks(7)})", (*key, version, name, run, _now()))
        return name, version

    def recipe(self, domain: str, table: str, version: int | None = None, *, layer: str = "silver") -> RecipeVersion:
        """A table's recipe (default: the newest)."""
        found = self.recipes(domain, table, layer=layer)
        for recipe in found:
            if version is None or recipe.version == version:
                return recipe
        asked = f"{layer}/{domain}/{table}" + ("" if version is None else f"@{version}")
        raise UnknownName("recipe", asked, (f"{layer}/{domain}/{table}@{r.version}" for r in found))

    def recipes(self, domain: str, table: str, *, layer: str = "silver") -> list[RecipeVersion]:
        """All of a table's recipes, newest first."""
        with self.database.reading() as db:
            rows = db.execute(_RECIPES, (domain, table, layer)).fetchall()
        return [
            RecipeVersion(
                row["id"],
                layer,
                domain,
                table,
                row["version"],
                row["run"],
                _time(row["saved"]),
                json.loads(row["json"]),
            )
            for row in rows
        ]

    def record_publication(self, publication: Publication) -> None:
        """Write a publication down; the same version again is no second publication."""
        row = {**asdict(publication), "time": publication.time.isoformat()}
        with self.database.writing() as db:
            db.execute(f"INSERT OR IGNORE INTO publications VALUES ({_marks(9)})", tuple(row.values()))

    def publications(
        self,
        domain: str | None = None,
        table: str | None = None,
        *,
        layer: str | None = None,
        run: str | None = None,
        limit: int | None = 100,
    ) -> list[Publication]:
        """Publications, newest first."""
        where = {"domain": domain, "table_name": table, "layer": layer, "run": run}
        rows = self._select("publications", where, order="time DESC, rowid DESC", limit=limit)
        return [Publication(**_fields(row)) for row in rows]

    @contextmanager
    def lock(
        self,
        domain: str,
        table: str,
        owner: str,
        *,
        purpose: str = "run",
        seconds: float = 60.0,
        wait: float = 0.0,
        on_wait: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Be the only one who works on the table; raises `InfrastructureError` that names who does.

        For the purpose `run`, `owner` is the run's id: from now on it is this process that works on it.
        """
        name = f"{domain}/{table}" if purpose == "run" else f"{domain}/{table} ({purpose})"
        if purpose == "run":
            with self.database.writing() as db:
                db.execute(_PUT_WORKER, (owner, json.dumps(this_process())))
        with lease(self.database, name, owner, seconds=seconds, wait=wait, on_wait=on_wait):
            yield

    def _select(self, source: str, where: Mapping[str, Any], *, order: str, limit: int | None) -> list[Any]:
        given = {name: value for name, value in where.items() if value is not None}
        condition = " AND ".join(f"{name} = ?" for name in given) or "1"
        with self.database.reading() as db:
            return db.execute(
                f"SELECT * FROM {source} WHERE {condition} ORDER BY {order} LIMIT ?",
                (*given.values(), -1 if limit is None else limit),
            ).fetchall()

    def _record(self, text: str) -> RunRecord:
        try:
            return RunRecord.model_validate(json.loads(text))
        except ValidationError as error:
            raise InfrastructureError(
                f"a run in {self.database.path} was written by another version of Oreflow; read it with that: {error}"
            ) from error


_FIELDS = {"table_name": "table", "column_name": "column", "row_count": "rows"}  # the others are called alike
_HIDDEN = ("position", "details")
_PUT_RUN = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_WORKER = "INSERT OR REPLACE INTO workers VALUES (?, ?)"
_UNFINISHED = (
    "SELECT record, process FROM runs JOIN workers USING (run)"
    " WHERE domain = ? AND table_name = ? AND status = 'running' ORDER BY started DESC"
)
_NEWEST_RECIPE = (
    "SELECT id, version FROM recipe_versions WHERE domain = ? AND table_name = ? AND layer = ?"
    " ORDER BY version DESC LIMIT 1"
)
_RECIPES = (
    "SELECT v.*, r.json FROM recipe_versions v JOIN recipes r USING (id)"
    " WHERE domain = ? AND table_name = ? AND layer = ? ORDER BY version DESC"
)


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    given = {_FIELDS.get(name, name): row[name] for name in row.keys() if name not in _HIDDEN}  # noqa: SIM118
    given["time"] = _time(given["time"])
    return {name: bool(value) if name == "passed" else value for name, value in given.items()}


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
