"""Scratch: copies derived from a source (decompressed, transcoded, extracted), made once and kept for the process."""

import atexit
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

_making = threading.Lock()


@cache
def scratch_folder() -> Path:
    """This process's own temporary folder; removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="oreflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def derived(source: Path, purpose: str, make: Callable[[Path], None]) -> Path:
    """The scratch file or folder that `make(target)` derives from `source`; made again only when the source changed."""
    target = scratch_folder() / f"{_family(source)}-{_version(source, purpose)}"
    with _making:
        if not target.exists():
            unfinished = target.with_name(f"{target.name}.part")
            _remove(unfinished)
            make(unfinished)
            unfinished.replace(target)
    return target


def discard(source: Path) -> None:
    """Remove the copies derived from `source`; frames on them that were not collected yet can't be after this."""
    for item in scratch_folder().glob(f"{_family(source)}-*"):
        _remove(item)


def _family(source: Path) -> str:
    # A copy of a copy keeps the first source's name in front, so that discarding the source discards both.
    return source.name if source.parent == scratch_folder() else _hash(str(source.resolve()))


def _version(source: Path, purpose: str) -> str:
    facts = source.stat()
    return _hash(f"{facts.st_size}|{facts.st_mtime_ns}|{purpose}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _remove(item: Path) -> None:
    if item.is_dir():
        shutil.rmtree(item, ignore_errors=True)
    else:
        item.unlink(missing_ok=True)
