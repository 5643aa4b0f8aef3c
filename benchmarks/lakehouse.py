"""The warehouse: seconds and peak memory of each step of a large table's way in, against plain Parquet to Parquet.

Run: python benchmarks/lakehouse.py [--rows 5000000] [--out benchmarks/results/lakehouse.json]
Each step runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from oreflow.episode import Episode, Turn
from warehouse import Conservation, Warehouse

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def write_source(folder: Path, rows: int) -> float:
    """Eight columns of numbers and words."""
    rng = np.random.default_rng(7)
    frame = pl.DataFrame(
        {
            "id": np.arange(rows),
            "amount": rng.random(rows),
            "city": pl.Series(["Paris", "Lyon", "Lille", None]).gather(rng.integers(0, 4, rows)),
            "code": pl.Series(rng.integers(0, 10**6, rows)).cast(pl.String),
            "when": rng.integers(0, 2_000_000_000, rows),
            "weight": rng.normal(50, 10, rows),
            "status": pl.Series(["open", "closed", "?"]).gather(rng.integers(0, 3, rows)),
            "count": rng.integers(0, 9, rows),
        }
    )
    frame.write_parquet(folder / "source.parquet")
    frame.write_csv(folder / "source.csv")
    return 0.0


def plain(folder: Path, rows: int) -> float:
    """The floor: read the Parquet and write it again."""
    return _seconds(lambda: pl.scan_parquet(folder / "source.parquet").sink_parquet(folder / "copy.parquet"))


def append_parquet(folder: Path, rows: int) -> float:
    """Bronze from Parquet."""
    return _append(folder, pl.scan_parquet(folder / "source.parquet"), "parquet")


def append_csv(folder: Path, rows: int) -> float:
    """Bronze from text, every column as text."""
    return _append(folder, pl.scan_csv(folder / "source.csv", infer_schema=False), "csv")


def stage(folder: Path, rows: int) -> float:
    """Staging the bronze rows for silver, with the digest; published here so that the next step finds them."""
    lake = Warehouse(folder / "lake")
    ref = lake.find_ingest("sales", "parquet", "parquet")
    assert ref is not None
    staging = lake.stage("silver", "sales", "orders", run="r1")
    seconds = _seconds(lambda: staging.sink(lake.bronze_batch(ref, "parquet")))
    published = _seconds(lambda: lake.publish([staging], run="r1", expected=Conservation(rows, rows)))
    (folder / "published").write_text(str(published))
    return seconds


def publish(folder: Path, rows: int) -> float:
    """The publication alone: a move and a commit."""
    return float((folder / "published").read_text())


def save_episodes(folder: Path, rows: int) -> float:
    """One episode of 20 turns, the mean over 1,000."""
    lake = Warehouse(folder / "lake")
    turn = Turn(observation={"view": "x" * 1000}, action={"operation": "look"}, result="y" * 200)
    episodes = [
        Episode(id=f"ep_{n}", stage="clean", agent={"name": "a"}, turns=[turn] * 20, started=NOW) for n in range(1000)
    ]
    return _seconds(lambda: [lake.episodes.save(episode) for episode in episodes]) / len(episodes)


def list_episodes(folder: Path, rows: int) -> float:
    """The newest 50 of 10,000 episodes."""
    lake = Warehouse(folder / "many")
    for n in range(10_000):
        lake.episodes.save(Episode(id=f"ep_{n}", stage="clean", agent={"name": "a"}, started=NOW))
    return _seconds(lambda: lake.episodes.list(50))


STEPS = {
    step.__name__: step
    for step in (write_source, plain, append_parquet, append_csv, stage, publish, save_episodes, list_episodes)
}


def _append(folder: Path, frame: pl.LazyFrame, name: str) -> float:
    lake = Warehouse(folder / "lake")
    return _seconds(
        lambda: lake.append_bronze(
            "sales", name, frame, source=name, content_hash=name, ingested_at=NOW, recipe={"format": name}
        )
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_step(name: str, folder: Path, rows: int) -> dict[str, Any]:
    """One step in its own process: seconds and peak memory."""
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), "--rows", str(rows)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{name:16} {found['seconds']:9.4f} s {found['peak_mb']:8.0f} MB")
    return found


def main() -> None:
    """Run every step and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.step:
        seconds = STEPS[given.step](given.folder, given.rows)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": round(seconds, 4), "peak_mb": round(peak)}))
        return
    with tempfile.TemporaryDirectory() as folder:
        steps = {name: run_step(name, Path(folder), given.rows) for name in STEPS}
    steps.pop("write_source")
    steps["publish"].pop("peak_mb")  # it ran inside the process of `stage`
    result = {
        "command": f"python benchmarks/lakehouse.py --rows {given.rows}",
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("polars", "deltalake")},
        "rows": given.rows,
        "steps": steps,
        "append_over_plain": round(steps["append_parquet"]["seconds"] / steps["plain"]["seconds"], 2),
    }
    if given.out:
        given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
