"""Episodes: the record of every agent's work, kept for the next agent's training.

An episode is saved as one small file in an inbox, so that many processes can save at once and none waits; every
thousand of them are packed into one parquet part, where ten thousand are listed without reading their bodies.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from oreflow.episode import Episode
from oreflow.errors import InfrastructureError, UnknownName
from warehouse.database import Database
from warehouse.files import appearing
from warehouse.locks import lease
from warehouse.places import check_part

PACK_AT = 1000  # files in the inbox
_LOOK_EVERY = 64  # saves between two counts of the inbox: counting costs as much as saving


@dataclass(frozen=True)
class EpisodeSummary:
    """An episode without its turns."""

    id: str
    run: str | None
    stage: str
    table: str | None
    agent: str
    environment: str | None
    ending: str
    steps: int
    changed_cells: int
    reward: float | None
    started: datetime
    seconds: float


_SCHEMA: dict[str, Any] = {
    "id": pl.String(),
    "run": pl.String(),
    "stage": pl.String(),
    "table": pl.String(),
    "agent": pl.String(),
    "environment": pl.String(),
    "ending": pl.String(),
    "steps": pl.Int64(),
    "changed_cells": pl.Int64(),
    "reward": pl.Float64(),
    "started": pl.Datetime("us", "UTC"),
    "seconds": pl.Float64(),
    "saved": pl.Datetime("us", "UTC"),
    "body": pl.String(),
}


class EpisodeStore:
    """All episodes of one warehouse."""

    def __init__(self, root: Path, database: Database, *, pack_at: int = PACK_AT) -> None:
        self._inbox, self._parts, self._database = root / "episodes" / "inbox", root / "episodes" / "parts", database
        self._pack_at, self._saves = pack_at, 0

    def save(self, episode: Episode) -> None:
        """Keep an episode; one that was kept before (its verdicts came later) is replaced."""
        summary = json.dumps(_summary(episode), ensure_ascii=False)
        body = json.dumps(episode.model_dump(mode="json", fallback=str), ensure_ascii=False)
        # A name of its own for each save: packing then removes just what it read.
        target = self._inbox / f"{check_part('episode', episode.id)}.{time.time_ns()}.json"
        with appearing(target, durable=False) as draft:
            draft.write_text(f"{summary}\n{body}\n", encoding="utf-8")
        if self._saves % _LOOK_EVERY == 0 and sum(1 for _ in self._inbox.iterdir()) >= self._pack_at:
            self.pack()
        self._saves += 1

    def get(self, id: str) -> Episode:
        """One whole episode."""
        check_part("episode", id)
        fresh = pl.DataFrame(list(self._fresh(id, body=True)), schema=_SCHEMA)
        found = fresh if fresh.height else self._packed().filter(pl.col("id") == id).collect()
        if found.is_empty():
            raise UnknownName("episode", id, (e.id for e in self.list(limit=500)))
        return Episode.model_validate(json.loads(found.sort("saved")["body"][-1]))

    def list(
        self,
        limit: int | None = 50,
        *,
        stage: str | None = None,
        run: str | None = None,
        table: str | None = None,
        agent: str | None = None,
    ) -> list[EpisodeSummary]:
        """Episodes, newest first, without their turns."""
        where = {"stage": stage, "run": run, "table": table, "agent": agent}
        chosen = [pl.col(name) == value for name, value in where.items() if value is not None]
        names = [f.name for f in fields(EpisodeSummary)]
        frame = self._all(body=False).filter(*chosen).sort("started", "id", descending=True).select(names)
        rows = (frame if limit is None else frame.head(limit)).collect()
        return [EpisodeSummary(**row) for row in rows.iter_rows(named=True)]

    def scan(self) -> pl.LazyFrame:
        """All episodes as a table for training: the summary's columns, `saved`, and the episode as JSON in `body`."""
        return self._all(body=True)

    def pack(self) -> int:
        """Move the inbox into one parquet part and return how many episodes went; 0 where another process is at it."""
        try:
            with lease(self._database, "episodes (pack)", "pack"):
                return self._pack()
        except InfrastructureError:
            return 0

    def _pack(self) -> int:
        waiting = list(self._inbox.glob("*.json"))
        rows = [(path, row) for path in waiting if (row := _read(path, body=True)) is not None]
        if not rows:
            return 0
        table = pl.DataFrame([row for _, row in rows], schema=_SCHEMA).sort("started")
        with appearing(self._parts / f"part-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.parquet") as draft:
            table.write_parquet(draft, compression="zstd")
        for path, _ in rows:
            path.unlink(missing_ok=True)
        return len(rows)

    def _packed(self) -> pl.LazyFrame:
        parts = sorted(self._parts.glob("part-*.parquet"))
        return pl.scan_parquet(parts, glob=False) if parts else pl.LazyFrame(schema=_SCHEMA)

    def _all(self, *, body: bool) -> pl.LazyFrame:
        schema = {n: t for n, t in _SCHEMA.items() if body or n != "body"}
        # The inbox first: an episode that is packed between the two looks is then seen twice, never missed.
        fresh = pl.DataFrame(list(self._fresh(body=body)), schema=schema)
        both = pl.concat([self._packed().select(schema.keys()), fresh.lazy()])
        return both.sort("saved").unique("id", keep="last", maintain_order=True)

    def _fresh(self, id: str | None = None, *, body: bool) -> Iterator[dict[str, Any]]:
        for path in self._inbox.glob("*.json"):
            if id in (None, path.name.rsplit(".", 2)[0]) and (row := _read(path, body=body)) is not None:
                yield row


def _summary(episode: Episode) -> dict[str, Any]:
    rewards = [sum(turn.rewards.values()) for turn in episode.turns if turn.rewards]
    return {
        "id": episode.id,
        "run": episode.run,
        "stage": episode.stage,
        "table": episode.table,
        "agent": str(episode.agent.get("name", "")),
        "environment": episode.environment,
        "ending": episode.ending,
        "steps": len(episode.turns),
        "changed_cells": sum(turn.changed_cells for turn in episode.turns),
        "reward": sum(rewards) if rewards else None,
        "started": episode.started.astimezone(UTC).isoformat(),
        "seconds": episode.seconds,
        "saved": datetime.now(UTC).isoformat(),
    }


def _read(path: Path, *, body: bool) -> dict[str, Any] | None:
    try:
        with path.open(encoding="utf-8") as file:
            row: dict[str, Any] = json.loads(file.readline())
            if body:
                row["body"] = file.readline().rstrip("\n")
    except FileNotFoundError:  # packed just now
        return None
    for name in ("started", "saved"):
        row[name] = datetime.fromisoformat(row[name])
    return row
