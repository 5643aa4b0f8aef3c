"""Delta: a folder's log of versions. A commit is one new file in the log, so a version is there whole or not at all.

Parquet files are moved in first, under names that no reader looks at until the commit names them; nothing is rewritten.
Every commit carries its own account (run, rows, digest …), so the tables can be understood without the ledger.
"""

import json
import re
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl
from deltalake import DeltaTable, TableFeatures
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, create_table_with_add_actions

from oreflow.errors import InfrastructureError, UnknownName
from oreflow.tables import ROW_ID
from warehouse.files import flush, flush_folder
from warehouse.places import LOG
from warehouse.storing import Stored, columns_of, delta_schema, to_readers

ACCOUNT = "oreflow"  # the key of our account in a commit
PART = re.compile(r"part-\d+-(?P<run>.+)-[0-9a-f]{8}\.parquet")
_KEEP_HISTORY = {"delta.enableExpiredLogCleanup": "false", "delta.logRetentionDuration": "interval 36500 days"}


@dataclass(frozen=True)
class Part:
    """A parquet file that is ready to be moved into a table."""

    path: Path
    rows: int
    first_row_id: int | None = None


@dataclass(frozen=True)
class Version:
    """One version of a table, as its commit tells it."""

    version: int
    time: datetime
    run: str | None = None
    rows: int | None = None
    digest: str | None = None
    account: dict[str, Any] = field(default_factory=dict)


def exists(folder: Path) -> bool:
    """Whether a version was ever committed there."""
    return any((folder / LOG).glob("*.json")) if (folder / LOG).is_dir() else False


def open_table(folder: Path, version: int | None = None) -> DeltaTable:
    """The table at `version` (default: the newest)."""
    try:
        return DeltaTable(folder.as_uri(), version=version)
    except TableNotFoundError as error:
        raise UnknownName("table", folder.name, _neighbours(folder)) from error
    except DeltaError as error:
        raise _explain_open(folder, version, error) from error


def newest(folder: Path) -> int | None:
    """The newest version, or None where there is no table."""
    return open_table(folder).version() if exists(folder) else None


def columns(table: DeltaTable) -> list[Stored]:
    """The table's columns."""
    return columns_of(table.schema())


def files(table: DeltaTable, folder: Path) -> list[Path]:
    """The parquet files of the table's version, in row order."""
    return [folder / name for name in sorted(_adds(table).get_column("path"))]


def row_count(table: DeltaTable) -> int:
    """Rows at the table's version, from the log alone."""
    return int(_adds(table).get_column("num_records").sum())


def next_row_id(table: DeltaTable) -> int:
    """The first `_row_id` that no row of the table has."""
    adds = _adds(table)
    highest = adds.get_column(f"max.{ROW_ID}").max() if f"max.{ROW_ID}" in adds.columns else None
    return 0 if highest is None else int(str(highest)) + 1


def scan(table: DeltaTable, folder: Path) -> pl.LazyFrame:
    """The table's rows in the order in which they were written, under the names that readers know."""
    paths, stored = files(table, folder), columns(table)
    # A commit that only reorders columns leaves the log's schema as it was; the files have the order that was meant.
    order = {name: place for place, name in enumerate(pl.read_parquet_schema(paths[0]) if paths else ())}
    return scan_files(paths, sorted(stored, key=lambda c: order.get(c.physical, len(order))))


def scan_files(paths: Sequence[Path], stored: Sequence[Stored]) -> pl.LazyFrame:
    """Some of a table's files; columns that a file lacks are null."""
    schema = pl.Schema({c.physical: c.dtype for c in stored})
    if not paths:
        return to_readers(pl.LazyFrame(schema=schema), stored)
    frame = pl.scan_parquet(list(paths), schema=schema, missing_columns="insert", glob=False)
    return to_readers(frame, stored)


def history(folder: Path, *, limit: int | None = None) -> list[Version]:
    """The versions that changed the content, newest first; `limit` is how many commits to look at."""
    if not exists(folder):
        return []
    return [_version(entry) for entry in open_table(folder).history(limit) if ACCOUNT in entry]


def commit(
    folder: Path,
    parts: Sequence[Part],
    stored: Sequence[Stored],
    *,
    run: str,
    account: Mapping[str, Any],
    mode: Literal["append", "overwrite"],
    base: DeltaTable | None,
) -> int:
    """Move the parts in and make them the next version after `base` (None: the first), whose number is returned.

    Raises `InfrastructureError` where another process committed since `base` was opened; the sweeper takes the parts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    adds = [_move_in(folder, part, run, number) for number, part in enumerate(parts)]
    flush_folder(folder)
    about = CommitProperties(custom_metadata={ACCOUNT: json.dumps({"run": run, **account})}, max_commit_retries=0)
    try:
        if base is None:
            create_table_with_add_actions(
                folder.as_uri(), delta_schema(stored), adds, mode="error",
                configuration=_KEEP_HISTORY, commit_properties=about,
            )  # fmt: skip
            return 0
        _prepare(base, stored, mode)
        version: int = base.version()
        base.create_write_transaction(list(adds), mode, delta_schema(stored), commit_properties=about)
    except (CommitFailedError, DeltaError) as error:
        raise InfrastructureError(
            f"{folder} was not published: {error}. If another run of this table is at work, run again when it is done."
        ) from error
    return version + 1


def referenced(folder: Path) -> set[str]:
    """The names of all files that any version of the table ever held."""
    names: set[str] = set()
    for log in (folder / LOG).glob("*.json"):
        for line in log.read_text(encoding="utf-8").splitlines():
            names.add(json.loads(line).get("add", {}).get("path", ""))
    return names - {""}


def _prepare(base: DeltaTable, stored: Iterable[Stored], mode: str) -> None:
    """Commit what must stand before the data can: neither step changes a cell that a reader sees."""
    if _has_local_time([c.dtype for c in stored]) and "timestampNtz" not in (base.protocol().writer_features or ()):
        # Without it, delta-rs commits a version that no reader can open.
        base.alter.add_feature(TableFeatures.TimestampWithoutTimezone, allow_protocol_versions_increase=True)
    if mode == "append":
        known = {f.name for f in base.schema().fields}
        new = [f for f in delta_schema(stored).fields if f.name not in known]
        if new:
            base.alter.add_columns(new)


def _move_in(folder: Path, part: Part, run: str, number: int) -> AddAction:
    order = number if part.first_row_id is None else part.first_row_id
    target = folder / f"part-{order:016d}-{run}-{uuid.uuid4().hex[:8]}.parquet"
    flush(part.path)
    size = part.path.stat().st_size
    part.path.rename(target)
    return AddAction(
        path=target.name, size=size, partition_values={}, modification_time=int(time.time() * 1000),
        data_change=True, stats=json.dumps(_statistics(part)),
    )  # fmt: skip


def _statistics(part: Part) -> dict[str, Any]:
    if part.first_row_id is None or not part.rows:
        return {"numRecords": part.rows}
    last = part.first_row_id + part.rows - 1
    return {
        "numRecords": part.rows,
        "minValues": {ROW_ID: part.first_row_id},
        "maxValues": {ROW_ID: last},
        "nullCount": {ROW_ID: 0},
    }


def _adds(table: DeltaTable) -> pl.DataFrame:
    adds = pl.DataFrame(table.get_add_actions(flatten=True))
    wanted = {"path": pl.String, "num_records": pl.Int64, f"max.{ROW_ID}": pl.Int64}
    return adds.select(name for name in wanted if name in adds.columns)


def _has_local_time(types: Iterable[Any]) -> bool:
    for kind in types:
        if isinstance(kind, pl.Datetime) and kind.time_zone is None:
            return True
        inner = [f.dtype for f in kind.fields] if isinstance(kind, pl.Struct) else [getattr(kind, "inner", None)]
        if any(inner) and _has_local_time(inner):
            return True
    return False


def _version(entry: Mapping[str, Any]) -> Version:
    account = json.loads(entry[ACCOUNT])
    return Version(
        version=entry["version"],
        time=datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
        run=account.get("run"),
        rows=account.get("rows"),
        digest=account.get("digest"),
        account=account,
    )


def _neighbours(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.parent.iterdir() if exists(p)) if folder.parent.is_dir() else []


def _explain_open(folder: Path, version: int | None, error: DeltaError) -> Exception:
    known = newest(folder) if version is not None else None
    if version is not None and known is not None and not 0 <= version <= known:
        return UnknownName("version", f"{folder.name}@{version}", (str(n) for n in range(known + 1)))
    return InfrastructureError(
        f"{folder} can't be read as a Delta table: {error}."
        f" Restore its {LOG} folder from a copy, or move the table away."
    )


def is_local_leftover(path: Path, *, older_than: float) -> bool:
    """Whether it is a temporary file of delta-rs (`name#1`) or of ours that nobody has written to lately."""
    if not re.search(r"#\d+$|\.tmp$", path.name):
        return False
    try:
        return time.time() - path.stat().st_mtime > older_than
    except FileNotFoundError:
        return False
