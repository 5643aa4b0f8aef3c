"""A whole refine at growing sizes: seconds, seconds per million rows and peak memory, each size in its own process.

python benchmarks/refine.py --rows 1000000 2000000 5000000 --out benchmarks/results/refine.json
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
from pathlib import Path

import numpy as np

from oreflow.domain import find_domain


def make(folder: Path, rows: int) -> Path:
    """Damaged IT-ops tickets of that many rows as Parquet, the same every time."""
    subject, rng = find_domain("it_ops"), np.random.default_rng(5)
    path = folder / f"tickets_{rows}.parquet"
    subject.damage(rng, subject.generate(rng, rows)).write_parquet(path)
    return path


def measure(source: Path, lake: Path) -> dict[str, object]:
    """Refine in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "oreflow",
        "refine",
        str(source),
        "--domain",
        "it_ops",
        "--warehouse",
        str(lake),
        "--json",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr or done.stdout[-2000:])
    body = json.loads(done.stdout)
    return {
        "rows": body["rows"], "status": body["status"], "seconds": round(seconds, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "seconds_per_million": round(seconds / body["rows"]["in"] * 1e6, 1),
        "peak_mb": after.ru_maxrss // 1024,
    }  # fmt: skip


def main() -> None:
    """Print and store one line per size."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 2_000_000, 5_000_000])
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    results = []
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(make(Path(folder), rows), Path(folder) / "lake"))
            print(json.dumps(results[-1]), flush=True)
    if chosen.out:
        facts = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
        command = f"python benchmarks/refine.py --rows {' '.join(map(str, chosen.rows))}"
        chosen.out.write_text(json.dumps({"command": command, "machine": facts, "runs": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
