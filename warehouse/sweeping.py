"""Sweeping: what dead runs left behind. Only what no version of any table names is ever removed."""

import json
import os
from pathlib import Path
from typing import Any

from warehouse import delta
from warehouse.files import remove_tree
from warehouse.liveness import is_dead
from warehouse.places import LOG, STAGING

OWNERS = "owner-*.json"
_PATIENCE = 3600.0  # seconds without a write, after which a temporary file is nobody's


def owner_file() -> str:
    """The file by which this process claims a run's staging folder; a run may have several processes."""
    return OWNERS.replace("*", str(os.getpid()))


def sweep_stagings(root: Path) -> list[str]:
    """Remove the staging folders of dead processes and return their runs."""
    folders = list((root / STAGING).iterdir()) if (root / STAGING).is_dir() else []
    dead = [folder for folder in folders if _is_dead(folder)]
    for folder in dead:
        remove_tree(folder)
    return sorted(folder.name for folder in dead)


def sweep_table(root: Path, folder: Path) -> list[Path]:
    """Remove one table's orphans: parts that a run moved in and died before it could commit them."""
    candidates = [p for p in folder.glob("part-*.parquet") if _run_is_over(root, p)]
    # The log is read after the runs are seen to be over: whatever they committed stands in it.
    named = delta.referenced(folder) if candidates else set()
    leftovers = [
        p for at in (folder, folder / LOG) for p in at.glob("*") if delta.is_local_leftover(p, older_than=_PATIENCE)
    ]
    gone = [p for p in candidates if p.name not in named] + leftovers
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _run_is_over(root: Path, part: Path) -> bool:
    match = delta.PART.fullmatch(part.name)
    staging = root / STAGING / match["run"] if match else None
    return staging is not None and (not staging.is_dir() or _is_dead(staging))


def _is_dead(staging: Path) -> bool:
    owners = [owner for path in staging.glob(OWNERS) if (owner := _owner(path)) is not None]
    return bool(owners) and all(is_dead(owner) for owner in owners)


def _owner(path: Path) -> dict[str, Any] | None:
    try:
        owner: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:  # removed just now
        return None
    return owner
