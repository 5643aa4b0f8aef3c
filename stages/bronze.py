"""Bronze: every row of a source as read, append-only, with the raw bytes kept beside it.

An ingesting agent leaves a reading recipe; content that was ingested before is neither read nor stored again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from oreflow.agent import Agent
from oreflow.domain import domains
from oreflow.episode import Episode, Turn
from oreflow.errors import SourceError
from oreflow.ingesting import SourceBench
from oreflow.reading import Reading, ReadingRecipe
from oreflow.rollout import rollout
from oreflow.run import TableRef
from oreflow.scratch import discard

if TYPE_CHECKING:
    from warehouse import Warehouse

GENERAL = "general"
_STEPS = 20  # an agent that needs more looks is lost
_NAME_BYTES = 100
_ENOUGH_WORDS = 2


@dataclass(frozen=True)
class BronzeResult:
    """One ingest. `rows` counts this content's rows; `episode` is None where the content was known already."""

    ref: TableRef
    recipe: ReadingRecipe
    episode: Episode | None
    content_hash: str
    new: bool
    rows: int
    table: str
    source: str


def ingest(
    source: str,
    *,
    warehouse: "Warehouse",
    agent: Agent,
    domain: str | None = None,
    table: str | None = None,
    now: Callable[[], datetime],
    max_steps: int = _STEPS,
    on_turn: Callable[[Turn], None] | None = None,
) -> BronzeResult:
    """Store the source's rows as read and name the version that holds them; raises before anything is written."""
    steps = min(max_steps, _STEPS)
    bench = SourceBench(source, steps=steps)
    name = table or table_name(bench.location.stem)
    try:
        known = _known(warehouse, bench, domain, name)
        if known is not None:
            return known
        episode = rollout(agent, bench, max_steps=steps, now=now, on_turn=on_turn)
        episode.table = name
        if bench.reading is None or episode.ending != "finished":
            warehouse.episodes.save(episode)
            raise _unread(bench, steps)
        return _store(bench, bench.reading, episode, warehouse=warehouse, domain=domain, table=name, now=now)
    finally:
        discard(bench.location.path or bench.path)
        if bench.location.database:
            bench.raw.unlink(missing_ok=True)


def table_name(stem: str) -> str:
    """A file's stem as a table's name: `Dirty Cafe-Sales` gives `dirty_cafe_sales`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", stem)
    name = re.sub(r"\W+|_+", "_", words).strip("_").lower()
    name = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    return name if name and not name[0].isdigit() else f"table_{name}".rstrip("_")


def guess_domain(columns: Sequence[str]) -> str:
    """The domain whose words most column names hold; `general` below two words and where two domains are even."""
    spoken = set(_words(columns))
    heard = {name: len(spoken & d.words) for name, d in domains().items()}
    best = sorted(heard, key=lambda name: -heard[name])
    if not best or heard[best[0]] < _ENOUGH_WORDS:
        return GENERAL
    if len(best) > 1 and heard[best[0]] == heard[best[1]]:
        return GENERAL
    return best[0]


def _words(columns: Iterable[str]) -> Iterable[str]:
    for column in columns:
        for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", column):
            yield word.lower()
            yield word.lower().removesuffix("s")


def _known(warehouse: "Warehouse", bench: SourceBench, domain: str | None, table: str) -> BronzeResult | None:
    """What an earlier ingest of the very same content left."""
    for place in [domain] if domain else [*domains(), GENERAL]:
        ref = warehouse.find_ingest(place, table, bench.content_hash)
        stored = warehouse.reading_recipe(place, table, bench.content_hash) if ref else None
        if ref is not None and stored is not None:
            rows = _count(warehouse.bronze_batch(ref, bench.content_hash))
            recipe = ReadingRecipe.model_validate(stored)
            return BronzeResult(
                ref, recipe, None, bench.content_hash, False, rows, table=table, source=bench.location.label
            )
    return None


def _unread(bench: SourceBench, steps: int) -> SourceError:
    if bench.reading is None:
        return bench.failure()
    return SourceError(
        f"{bench.location.label}: the agent did not settle on a recipe in {steps} steps; raise max_steps."
    )


def _store(
    bench: SourceBench,
    reading: Reading,
    episode: Episode,
    *,
    warehouse: "Warehouse",
    domain: str | None,
    table: str,
    now: Callable[[], datetime],
) -> BronzeResult:
    digest = reading.recipe.sha256
    parsed = int(reading.frame.select(pl.first().len()).collect(engine="streaming").item())
    if parsed != reading.records:
        raise SourceError(
            f"{bench.location.label}: {reading.records} records were counted but {parsed} rows read; "
            "nothing was stored. Save the source again with plain quoting."
        )
    place = domain or guess_domain(reading.recipe.columns)
    warehouse.keep_raw(bench.raw, digest)
    ref = warehouse.append_bronze(
        place,
        table,
        reading.frame,
        source=bench.location.label,
        content_hash=digest,
        ingested_at=now(),
        recipe=reading.recipe.model_dump(mode="json"),
    )
    return BronzeResult(ref, reading.recipe, episode, digest, True, parsed, table=table, source=bench.location.label)


def _count(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())
