"""Files: bytes that appear whole or not at all, whatever kills the process that writes them."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TEMPORARY = ".tmp"


@contextmanager
def appearing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path to write; it becomes `path` when the block ends well, and vanishes when it does not.

    `durable` also waits until the disk has it: needed where losing power must not lose the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent / f".{uuid.uuid4().hex}{TEMPORARY}"
    try:
        yield draft
        if durable:
            flush(draft)
        draft.replace(path)
        if durable:
            flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Put `value` at `path` as JSON."""
    with appearing(path, durable=durable) as draft:
        draft.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def flush(path: Path) -> None:
    """Wait until the file's bytes are on disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until the folder's entries are on disk, where the system can say so."""
    if os.name == "nt":  # a folder can't be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_tree(folder: Path) -> None:
    """Remove a folder and everything in it; one that is gone already is no error."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), key=lambda p: len(p.parts), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    folder.rmdir()
