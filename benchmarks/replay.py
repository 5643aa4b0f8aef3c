"""Replay of a six-operation recipe, Parquet to Parquet, against pyarrow's own read and write in the same process.

Run: python benchmarks/replay.py [--rows 5000000] [--out benchmarks/results/replay.json]
The two take turns and the medians are compared, so that what else runs on the machine meets both alike.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow.parquet as pq

from oreflow.engines import engine_of
from oreflow.operation import Operation
from oreflow.operations.columns import RenameColumns
from oreflow.operations.missing import FillMissing, NullTokens
from oreflow.operations.numbers import ClipOutliers, ParseNumber
from oreflow.operations.text import Standardize
from oreflow.recipe import FittedRecipe, fit
from oreflow.replay import replay
from oreflow.tables import ENGINES, Engine

TARGET = 1.5
RECIPE: tuple[Operation, ...] = (
    FillMissing(column="quantity", strategy="median"),
    ParseNumber(column="price", thousands=","),
    Standardize(column="city"),
    NullTokens(column="status", tokens=("ERROR", "UNKNOWN", "?", "N/A")),
    ClipOutliers(column="weight"),
    RenameColumns(mapping={"note": "remark"}),
)


def make_table(rows: int) -> pl.DataFrame:
    """Eight columns of the usual mess, the same for the same number of rows."""
    rng = np.random.default_rng(7)
    cents = rng.integers(100, 1_000_000, rows)
    price = pl.Series("cents", cents)
    frame = pl.DataFrame(
        {
            "_row_id": np.arange(rows),
            "quantity": rng.integers(1, 20, rows).astype(float),
            "cents": price,
            "city": rng.choice([" Paris", "LYON ", "Bordeaux", "  lille  ", "New  York"], rows),
            "status": rng.choice(["open", "closed", "ERROR", "N/A", "?"], rows),
            "weight": rng.normal(50, 10, rows),
            "when": rng.integers(0, 2_000_000_000, rows),
            "note": rng.integers(0, 10**9, rows),
        }
    )
    whole, rest = pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2)
    grouped = (
        pl.when(whole >= 1000)
        .then(pl.format("{},{}", whole // 1000, (whole % 1000).cast(pl.String).str.zfill(3)))
        .otherwise(whole.cast(pl.String))
    )
    missing = pl.Series(rng.random(rows) < 0.1)
    return frame.with_columns(
        pl.format("${}.{}", grouped, rest).alias("price"),
        pl.when(~missing).then(pl.col("quantity")).alias("quantity"),
        pl.format("note {}", pl.col("note")).alias("note"),
        pl.from_epoch("when").alias("when"),
    ).drop("cents")


def write(recipe: FittedRecipe, source: Path, target: Path, *, engine: Engine) -> None:
    """Replay on `engine` and let it write its own Parquet, without the empty marks."""
    frame = replay(recipe, source, engine=engine).drop("_quarantine", "_merged_into")
    native: Any = nw.to_native(frame)
    if engine_of(frame) == "polars":
        native.sink_parquet(target, compression="snappy")  # as the others do by default
    elif engine_of(frame) == "pandas":
        native.to_parquet(target)
    else:
        native.write_parquet(str(target))


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(rows: int, *, engine: Engine, turns: int) -> dict[str, Any]:
    """Medians of `turns` runs each of pyarrow's read and write and of the replay, taking turns."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.parquet", Path(folder) / "out.parquet"
        table = make_table(rows)
        recipe = fit(RECIPE, table.head(50_000))
        table.write_parquet(source)
        del table
        plain, replayed = [], []
        for _ in range(turns):
            plain.append(seconds(lambda: pq.write_table(pq.read_table(source), target)))
            replayed.append(seconds(lambda: write(recipe, source, target, engine=engine)))
        assert pl.scan_parquet(target).select(pl.len()).collect().item() == rows
    floor, ours = statistics.median(plain), statistics.median(replayed)
    return {
        "engine": engine,
        "rows": rows,
        "pyarrow_read_write_s": [round(s, 3) for s in plain],
        "replay_s": [round(s, 3) for s in replayed],
        "ratio": round(ours / floor, 2),
    }


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    packages = ("polars", "narwhals", "pyarrow", "pandas", "duckdb")
    return {
        "python": platform.python_version(),
        "cpu": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in packages},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--side-rows", type=int, default=1_000_000, help="rows for every engine, for information")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "replay.json")
    chosen = parser.parse_args()
    facts = machine()
    main_run = compare(chosen.rows, engine="polars", turns=chosen.turns)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    side = [compare(chosen.side_rows, engine=engine, turns=chosen.turns) for engine in ENGINES]
    result = {
        "command": f"python benchmarks/replay.py --rows {chosen.rows} --turns {chosen.turns}",
        "recipe": [
            operation.sentence(step.learned)
            for operation, step in zip(RECIPE, fit(RECIPE, make_table(1000)).steps, strict=True)
        ],
        "machine": facts,
        "target_ratio": TARGET,
        "default_engine": main_run,
        "peak_mb_with_making_the_table": round(peak),
        "all_engines": side,
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
