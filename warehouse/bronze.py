"""Bronze: what was read, as it was read. Rows are only ever added, and no two rows ever have the same number."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable

from oreflow.errors import ConfigError, UnknownName
from oreflow.tables import CONTENT_HASH, INGESTED_AT, ROW_ID, SOURCE, SYSTEM_COLUMNS
from warehouse import delta
from warehouse.files import appearing
from warehouse.places import check_part
from warehouse.staging import ROW_GROUP
from warehouse.storing import assign, storable, to_files

RAW = Path("bronze") / "_raw"


def keep_raw(root: Path, path: Path, content_hash: str) -> Path:
    """Copy the source's bytes to where they stay for good; the same content is kept once."""
    target = root / RAW / f"{check_part('content hash', content_hash)}{path.suffix.lower()}"
    if not target.is_file():
        with appearing(target) as draft:
            shutil.copyfile(path, draft)
    return target


def ingest_run(content_hash: str) -> str:
    """The run name that marks the files of one ingest."""
    return f"ingest.{hashlib.sha256(content_hash.encode()).hexdigest()[:24]}"


def find(folder: Path, content_hash: str) -> delta.Version | None:
    """The version that brought this content in."""
    if not any(folder.glob(f"part-*-{ingest_run(content_hash)}-*.parquet")):
        return None  # the usual answer, without reading the log
    matching = (v for v in delta.history(folder) if v.account.get("content_hash") == content_hash)
    return next(matching, None)


def recipe_of(version: delta.Version) -> dict[str, Any]:
    """How the content of an ingest was read."""
    recipe: dict[str, Any] = json.loads(version.account["recipe"])
    return recipe


def append(
    folder: Path,
    frame: pl.LazyFrame,
    draft: Path,
    *,
    source: str,
    content_hash: str,
    ingested_at: datetime,
    recipe: Mapping[str, Any],
) -> int:
    """Stream the rows to `draft`, then add them to the table as its next version."""
    base = delta.open_table(folder) if delta.exists(folder) else None
    first = delta.next_row_id(base) if base is not None else 0
    shaped = storable(_numbered(frame, first, source=source, content_hash=content_hash, ingested_at=ingested_at))
    existing = delta.columns(base) if base is not None else []
    stored = assign(shaped.collect_schema(), existing)
    to_files(shaped, stored).sink_parquet(draft, compression="zstd", row_group_size=ROW_GROUP)
    rows: int = pl.scan_parquet(draft, glob=False).select(pl.len()).collect().item()
    account = {
        "rows": rows,
        "first_row_id": first,
        "content_hash": content_hash,
        "source": source,
        "ingested_at": ingested_at.isoformat(),
        "recipe": json.dumps(recipe, ensure_ascii=False),
    }
    part = delta.Part(draft, rows, first_row_id=first)
    return delta.commit(folder, [part], stored, run=ingest_run(content_hash), account=account, mode="append", base=base)


def batch(table: DeltaTable, folder: Path, content_hash: str) -> pl.LazyFrame:
    """The rows and columns of one ingest, in the order of the source."""
    marker = f"-{ingest_run(content_hash)}-"
    paths = [path for path in delta.files(table, folder) if marker in path.name]
    if not paths:
        raise UnknownName("ingest", content_hash, _hashes(folder))
    stored = {c.physical: c for c in delta.columns(table)}
    return delta.scan_files(paths, [stored[name] for name in pl.read_parquet_schema(paths[0])])


def _numbered(
    frame: pl.LazyFrame, first: int, *, source: str, content_hash: str, ingested_at: datetime
) -> pl.LazyFrame:
    clash = sorted(SYSTEM_COLUMNS & set(frame.collect_schema().names()))
    if clash:
        raise ConfigError(f"the source has columns that Oreflow keeps for itself: {', '.join(clash)}; rename them.")
    counted = frame.with_row_index(ROW_ID).with_columns(pl.col(ROW_ID).cast(pl.Int64) + first)
    return counted.with_columns(
        pl.lit(source).alias(SOURCE),
        pl.lit(ingested_at).dt.convert_time_zone("UTC").dt.cast_time_unit("us").alias(INGESTED_AT),
        pl.lit(content_hash).alias(CONTENT_HASH),
    )


def _hashes(folder: Path) -> list[str]:
    return [v.account["content_hash"] for v in delta.history(folder) if "content_hash" in v.account]
