"""Locks: one run at a time per table, by a lease that its holder keeps renewing.

A lease ends when it is released, when its holder's process is dead, or when it was not renewed in time. Losing one is
harmless: a commit to a table that changed meanwhile is refused by the table itself.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from oreflow.errors import InfrastructureError
from warehouse.database import Database
from warehouse.liveness import is_dead, this_process

_held: set[str] = set()  # the tokens that this process holds; a row of ours that is not here was left by a crash


@contextmanager
def lease(
    database: Database,
    name: str,
    owner: str,
    *,
    seconds: float = 60.0,
    wait: float = 0.0,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold `name` for the block; raises `InfrastructureError` that names the holder after `wait` seconds."""
    token = uuid.uuid4().hex
    deadline = time.monotonic() + wait
    while (holder := _take(database, name, owner, token, seconds)) is not None:
        if time.monotonic() >= deadline:
            raise InfrastructureError(_busy(name, holder))
        if on_wait is not None:
            on_wait(f'waiting for "{holder["owner"]}", which works on {name}')
            on_wait = None
        time.sleep(0.05)
    done = threading.Event()
    renewer = threading.Thread(target=_renew, args=(database, token, seconds, done), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()
        _release(database, token)


def _take(database: Database, name: str, owner: str, token: str, seconds: float) -> dict[str, Any] | None:
    now = time.time()
    with database.writing() as db:
        row = db.execute("SELECT * FROM locks WHERE name = ?", (name,)).fetchone()
        if row is not None and row["expires"] > now and not _abandoned(row["token"], json.loads(row["process"])):
            return {**dict(row), "process": json.loads(row["process"])}
        _held.add(token)
        db.execute(
            "INSERT OR REPLACE INTO locks (name, token, owner, process, taken, expires) VALUES (?, ?, ?, ?, ?, ?)",
            (name, token, owner, json.dumps(this_process()), now, now + seconds),
        )
    return None


def _abandoned(token: str, process: dict[str, Any]) -> bool:
    return token not in _held if process == this_process() else is_dead(process)


def _renew(database: Database, token: str, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds / 3):
        with suppress(InfrastructureError), database.writing() as db:  # the next try may come in time
            db.execute("UPDATE locks SET expires = ? WHERE token = ?", (time.time() + seconds, token))


def _release(database: Database, token: str) -> None:
    _held.discard(token)
    with database.writing() as db:
        db.execute("DELETE FROM locks WHERE token = ?", (token,))


def _busy(name: str, holder: dict[str, Any]) -> str:
    process, since = holder["process"], time.time() - holder["taken"]
    return (
        f'{name} is held by "{holder["owner"]}" (process {process["pid"]} on {process["machine"].split()[0]}, for'
        f" {since:.0f} s). Wait for it, or end that process: its hold ends with it."
    )
