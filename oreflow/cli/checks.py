"""Checks: each looks at one thing that a run needs and answers ok, warn or fail, with the fix.

`fail` is for what stops a run, `warn` for what stops only a part of it. Nothing is made or changed.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from oreflow import odcs, plugins, settings
from oreflow.errors import ConfigError, OreflowError
from oreflow.settings import Settings

Answer = Literal["ok", "warn", "fail"]

FOLDERS = ("agents", "domains", "labeling_functions", "quality_gates", "oreflow.operations")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCARCE, TOO_SCARCE = 5e9, 5e8  # bytes
SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """One answer."""

    name: str
    verdict: Answer
    found: str
    fix: str = ""


def all_checks(warehouse: Path | None = None) -> list[Check]:
    """Every check; where the settings can't be read, the ones that need none."""
    machine = [python(), *packages(), *optional_parts()]
    try:
        chosen = settings.load(warehouse=warehouse)
    except ConfigError as error:
        return [*machine, Check("settings", "fail", str(error), "Correct it, then run `oreflow config show`.")]
    root = plugins.project_root()
    read = Check(
        "settings", "ok", str(root / plugins.PROJECT_FILE) if root else "defaults; no oreflow.yaml here or above"
    )
    return [*machine, read, parts(), contracts(chosen), *lake(chosen), disk(chosen), server()]


def python() -> Check:
    """The interpreter's version against what the package asks for."""
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    asked = importlib.metadata.metadata("oreflow")["Requires-Python"] or ""
    if SpecifierSet(asked).contains(version, prereleases=True):
        return Check("python", "ok", version)
    return Check(
        "python", "fail", f"{version}, needed: {asked}", "Make the environment anew with a Python in that range."
    )


def packages() -> Iterator[Check]:
    """Each declared dependency, installed in a version that fits: one line when all do, one per fault otherwise."""
    from packaging.requirements import Requirement

    asked = [Requirement(text) for text in importlib.metadata.requires("oreflow") or ()]
    needed = [r for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})]
    faults = [fault for requirement in needed if (fault := _fault(requirement)) is not None]
    yield from faults
    if not faults:
        yield Check("packages", "ok", f"all {len(needed)} in versions that work together")


def _fault(requirement: Any) -> Check | None:
    fix = f'pip install "{requirement}"'
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Check(f"package {requirement.name}", "fail", "not installed", fix)
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return Check(f"package {requirement.name}", "fail", f"{version}, needed: {requirement.specifier}", fix)


def optional_parts() -> Iterator[Check]:
    """A browser, for the report's tests, and a GPU, for agents with a model of their own; a run needs neither."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser:
        yield Check("browser", "ok", browser)
    else:
        yield Check("browser", "warn", "no Chromium; only `make browser` needs it", "apt-get install chromium")
    yield Check("gpu", "ok", _gpu() or "none; nothing here needs one")


def _gpu() -> str | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return "; ".join(line.split(" (UUID")[0] for line in listed.stdout.splitlines() if line.startswith("GPU")) or None


def parts() -> Check:
    """Every discovered part loads, the project's own included."""
    root = plugins.project_root()
    try:
        count = sum(len(list(plugins.modules(folder))) for folder in FOLDERS)
    except ConfigError as error:
        return Check("parts", "fail", str(error), "Mend the file or move it out.")
    hidden = [
        f for f in ("agents", "domains", "stages") if root and (root / f / "__init__.py").is_file() and not _own(root)
    ]
    if hidden:
        fix = f"Delete the __init__.py in {', '.join(hidden)}."
        return Check("parts", "warn", f"{', '.join(hidden)} may hide Oreflow's own folders of these names", fix)
    return Check("parts", "ok", f"{count} files load")


def _own(root: Path) -> bool:
    """Whether the project is Oreflow's own checkout, whose folders are packages."""
    return (root / "oreflow" / "__init__.py").is_file()


def contracts(chosen: Settings) -> Check:
    """Every contract reads."""
    folder = chosen.contracts or chosen.warehouse / "contracts"
    paths = sorted(folder.glob("*.odcs.yaml")) if folder.is_dir() else []
    for path in paths:
        try:
            odcs.read_contract(path)
        except OreflowError as error:
            return Check("contracts", "fail", str(error), f"Correct {path}, or delete it to have it drafted anew.")
    found = f"{len(paths)} in {folder}" if paths else f"none in {folder} yet; the first refine drafts one"
    return Check("contracts", "ok", found)


def lake(chosen: Settings) -> Iterator[Check]:
    """The warehouse can be written and its ledger read; where there is none yet, it could be made."""
    folder = chosen.warehouse
    existing = _nearest(folder)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield Check(
            "warehouse", "fail", f"{existing} can't be written", "Choose another with --warehouse, or mend its rights."
        )
        return
    if not folder.is_dir():
        yield Check("warehouse", "ok", f"{folder} will be made by the first refine")
        return
    yield Check("warehouse", "ok", str(folder))
    try:
        runs = plugins.module("warehouse", "ledger").Ledger(folder).runs(limit=1)
    except OreflowError as error:
        yield Check(
            "ledger", "fail", str(error), f"Move the ledger out of {folder}; the tables stay readable without it."
        )
        return
    yield Check("ledger", "ok", f"last run {runs[0].run}: {runs[0].status}" if runs else "no run yet")


def disk(chosen: Settings) -> Check:
    """Room for a copy of what is refined."""
    free = shutil.disk_usage(_nearest(chosen.warehouse)).free
    said = f"{free / 1e9:.1f} GB free"
    if free < TOO_SCARCE:
        return Check("disk", "fail", said, "Free some space, or choose another --warehouse.")
    return Check(
        "disk", "warn" if free < SCARCE else "ok", said, "Four layers hold about four copies." if free < SCARCE else ""
    )


def server() -> Check:
    """A configured Prefect server answers; none configured is fine."""
    url = settings.prefect_server()
    if url is None:
        return Check("prefect", "ok", "no server configured (PREFECT_API_URL); runs need none")
    try:
        with urllib.request.urlopen(f"{url}/admin/version", timeout=SECONDS) as reply:
            version = json.load(reply)
    except (urllib.error.URLError, ValueError, TimeoutError) as error:
        fix = "Start it with `prefect server start`, correct PREFECT_API_URL, or unset it to run without a server."
        return Check("prefect", "fail", f"{url} does not answer: {error}", fix)
    own = importlib.metadata.version("prefect")
    if version != own:
        return Check(
            "prefect", "warn", f"{url} runs {version}, this environment {own}", f'pip install "prefect=={version}"'
        )
    return Check("prefect", "ok", f"{url} runs {version}; on SQLite it stalls under bursts, PostgreSQL does not")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    whole = folder.resolve()
    return next(place for place in (whole, *whole.parents) if place.exists())
