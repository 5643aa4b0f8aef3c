"""Episodes: the record of every agent's work, kept for the next agent's training.

An episode is saved as one small file in an inbox, so that many processes can save at once and none waits; every
thousand of them are packed into one parquet part, where ten thousand are listed without reading their bodies.
"""

import json
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

    def __init__(self, root: Path, database: Database) -> None:
        self._inbox, self._parts, self._database = root / "episodes" / "inbox", root / "episodes" / "parts", database
        self._saves = 0

    def save(self, episode: Episode) -> None:
        """Keep an episode; one that was kept before (its verdicts came later) is replaced."""
        summary = json.dumps(_summary(episode), ensure_ascii=False)
        body = json.dumps(episode.model_dump(mode="json", fallback=str), ensure_ascii=False)
        with appearing(self._inbox / f"{check_part('episode', episode.id)}.json", durable=False) as draft:
            draft.write_text(f"{summary}\n{body}\n", encoding="utf-8")
        if self._saves % _LOOK_EVERY == 0 and sum(1 for _ in self._inbox.iterdir()) >= PACK_AT:
            self.pack()
        self._saves += 1

    def get(self, id: str) -> Episode:
        """One whole episode."""
        fresh = self._inbox / f"{id}.json"
        body = _second_line(fresh) if check_part("episode", id) else None
        if body is None:
            found = self._packed().filter(pl.col("id") == id).sort("saved").select("body").tail(1).collect()
            if found.is_empty():
                raise UnknownName("episode", id, (e.id for e in self.list(limit=500)))
            body = found.item()
        return Episode.model_validate(json.loads(body))

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
        for path, row in rows:
            # Saved anew since it was read? Then it stays, and its later `saved` wins over the packed one.
            now = _read(path, body=False)
            if now is not None and now["saved"] == row["saved"]:
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

    def _fresh(self, *, body: bool) -> Iterator[dict[str, Any]]:
        if self._inbox.is_dir():
            read = (_read(path, body=body) for path in self._inbox.glob("*.json"))
            yield from (row for row in read if row is not None)


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


def _second_line(path: Path) -> str | None:
    row = _read(path, body=True)
    return None if row is None else str(row["body"])
