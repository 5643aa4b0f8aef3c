"""The lakehouse: every table of every layer, their versions, and the account of how they came to be.

Nothing is created before the first write. A table is written where no reader looks, checked, and then published by one
commit; versions stay readable for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import polars as pl

from oreflow.errors import UnknownName
from oreflow.run import TableRef
from warehouse import bronze, delta
from warehouse.edits import EditLog, Votes
from warehouse.episodes import EpisodeStore
from warehouse.files import remove_tree, write_json
from warehouse.ledger import Ledger
from warehouse.liveness import this_process
from warehouse.places import LAYERS, LOG, Layer, check_part, check_root, table_folder, table_of_folder
from warehouse.publishing import Conservation, publish
from warehouse.staging import Staging, staging_folder
from warehouse.sweeping import owner_file, sweep_stagings, sweep_table


class Warehouse:
    """A folder of Delta tables with its ledger, episodes, edits and votes."""

    def __init__(self, root: Path) -> None:
        self.root = check_root(root)
        self.ledger = Ledger(self.root)
        self.episodes = EpisodeStore(self.root, self.ledger.database)
        self.edits = EditLog(self.root)
        self.votes = Votes(self.root)

    # Bronze

    def keep_raw(self, path: Path, content_hash: str) -> Path:
        """Keep the source's own bytes under their hash; written once."""
        return bronze.keep_raw(self.root, path, content_hash)

    def find_ingest(self, domain: str, table: str, content_hash: str) -> TableRef | None:
        """The bronze version that brought this content in, if it ever came."""
        found = bronze.find(self._folder("bronze", domain, table), content_hash)
        return _ref("bronze", domain, table, found.version) if found else None

    def reading_recipe(self, domain: str, table: str, content_hash: str) -> dict[str, Any] | None:
        """How that content was read."""
        found = bronze.find(self._folder("bronze", domain, table), content_hash)
        return bronze.recipe_of(found) if found else None

    def append_bronze(
        self,
        domain: str,
        table: str,
        frame: pl.LazyFrame,
        *,
        source: str,
        content_hash: str,
        ingested_at: datetime,
        recipe: Mapping[str, Any],
    ) -> TableRef:
        """Add rows as they were read, numbered and with where they came from; the same content is added once."""
        folder = self._folder("bronze", domain, table)
        with self.ledger.lock(domain, table, source, purpose="append", wait=600):
            known = self.find_ingest(domain, table, content_hash)
            if known is not None:
                return known
            with self._draft(bronze.ingest_run(content_hash)) as draft:
                sweep_table(self.root, folder)
                version = bronze.append(
                    folder,
                    frame,
                    draft,
                    source=source,
                    content_hash=content_hash,
                    ingested_at=ingested_at,
                    recipe=recipe,
                )
        return _ref("bronze", domain, table, version)

    def bronze_batch(self, ref: TableRef, content_hash: str) -> pl.LazyFrame:
        """The rows and columns of one ingest, in the order of the source."""
        folder = self.path(ref)
        return bronze.batch(self._open(ref), folder, content_hash)

    # Reading

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        """A table at a version, lazily, its rows in the order in which they were written."""
        return delta.scan(self._open(ref), self.path(ref))

    def files(self, ref: TableRef) -> list[Path]:
        """The parquet files of a version: what DuckDB's `read_parquet` and pandas read."""
        return delta.files(self._open(ref), self.path(ref))

    def rows(self, ref: TableRef) -> int:
        """How many rows a version has, without reading them."""
        return delta.row_count(self._open(ref))

    def path(self, ref: TableRef) -> Path:
        """The table's Delta folder."""
        return self._folder(ref.layer, ref.domain, ref.table)

    def latest(self, layer: str, domain: str, table: str) -> TableRef | None:
        """The newest version, or None where the table was never written."""
        version = delta.newest(self._folder(layer, domain, table))
        return None if version is None else _ref(layer, domain, table, version)

    def versions(self, layer: str, domain: str, table: str) -> list[delta.Version]:
        """Every version that changed the content, newest first."""
        return delta.history(self._folder(layer, domain, table))

    def tables(self) -> list[TableRef]:
        """Every table at its newest version."""
        layers = [self.root / layer for layer in LAYERS if layer != "quarantine"]
        folders = sorted(log.parent for layer in layers for log in layer.glob(f"*/*/{LOG}"))
        places = [table_of_folder(self.root, folder) for folder in folders]
        return [ref for place in places if (ref := self.latest(*place)) is not None]

    # Writing

    def stage(self, layer: str, domain: str, table: str, *, run: str, side: str | None = None) -> Staging:
        """A place to write a table that no reader sees; `side` names a table beside it, such as an aggregate."""
        name = f"{table}__{check_part('side table', side)}" if side else table
        self._folder(layer, domain, name)
        self._claim(run)
        folder = staging_folder(self.root, run, {"layer": layer, "domain": domain, "table": name})
        remove_tree(folder)  # of an earlier try of this run
        return Staging(folder=folder, layer=layer, domain=domain, table=table, run=run, side=side)

    def publish(
        self, stagings: Sequence[Staging], *, run: str, expected: Conservation | None = None
    ) -> dict[str, TableRef]:
        """Make the staged tables what readers see; raises `RowsNotConserved` before anything is touched."""
        for staging in stagings:
            sweep_table(self.root, self._folder(staging.layer, staging.domain, staging.name))
        return publish(self.root, self.ledger, stagings, run=run, expected=expected)

    def discard(self, run: str) -> None:
        """Forget what a run staged; what it published stays."""
        staged = staging_folder(self.root, run)
        places = [folder.relative_to(staged).parts for folder in staged.glob("*/*/*")]
        remove_tree(staged)
        for layer, domain, table in places:
            sweep_table(self.root, self._folder(layer, domain, table))

    def sweep(self) -> list[str]:
        """Remove what dead runs left behind, and return their names."""
        dead = sweep_stagings(self.root)
        for ref in self.tables():
            sweep_table(self.root, self.path(ref))
        return dead

    def save_votes(self, run: str, frame: pl.DataFrame | pl.LazyFrame) -> Path:
        """Keep the labeling functions' votes of a run."""
        return self.votes.save(run, frame)

    def read_votes(self, run: str) -> pl.LazyFrame:
        """The labeling functions' votes of a run."""
        return self.votes.read(run)

    def _folder(self, layer: str, domain: str, table: str) -> Path:
        return table_folder(self.root, layer, domain, table)

    def _open(self, ref: TableRef) -> Any:
        folder = self.path(ref)
        if not delta.exists(folder):
            raise UnknownName("table", f"{ref.layer}/{ref.domain}/{ref.table}", map(_name, self.tables()))
        return delta.open_table(folder, ref.version)

    def _claim(self, run: str) -> None:
        folder = staging_folder(self.root, run)
        sweep_stagings(self.root)
        write_json(folder / owner_file(), this_process(), durable=False)

    @contextmanager
    def _draft(self, run: str) -> Iterator[Path]:
        self._claim(run)
        try:
            yield staging_folder(self.root, run) / "part.parquet"
        finally:
            remove_tree(staging_folder(self.root, run))


def _ref(layer: str, domain: str, table: str, version: int) -> TableRef:
    return TableRef(layer=cast("Layer", layer), domain=domain, table=table, version=version)


def _name(ref: TableRef) -> str:
    return f"{ref.layer}/{ref.domain}/{ref.table}"
