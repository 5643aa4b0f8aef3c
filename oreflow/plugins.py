"""Discovery: the plural folders of Oreflow and of the user's project, each file one part.

A decorator or base class only tags; nothing is registered by importing. `parts("agents")` imports the built-in package
of that name and then every file in the project's folder of that name, so a user's part stands beside the built-in ones.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from oreflow.errors import ConfigError

PROJECT_FILE = "oreflow.yaml"


def project_root(start: Path | None = None) -> Path | None:
    """The nearest folder at or above `start` (default: the working directory) that holds an `oreflow.yaml`."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file()), None)


def modules(folder: str) -> Iterator[ModuleType]:
    """Every module of the built-in package `folder`, which may be dotted, then the project's of its last part."""
    yield from _builtin(folder)
    root = project_root()
    if root is not None:
        yield from _project(root, folder.rsplit(".", 1)[-1])


def module(folder: str, name: str) -> ModuleType:
    """One built-in module by name: the way the library reaches a part that it may not import."""
    return importlib.import_module(f"{folder}.{name}")


@cache
def _builtin(folder: str) -> tuple[ModuleType, ...]:
    package = importlib.import_module(folder)
    if package.__file__ is None:  # a plain folder on Python's path, which would stand in for all built-in parts
        hidden = ", ".join(package.__path__)
        raise ConfigError(f"{hidden} hides Oreflow's own {folder}; run from another folder or install Oreflow anew.")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    return tuple(importlib.import_module(f"{folder}.{name}") for name in names)


@cache
def _project(root: Path, folder: str) -> tuple[ModuleType, ...]:
    own_package = root / folder
    builtin = sys.modules.get(folder)
    if builtin is not None and own_package in {Path(p).resolve() for p in getattr(builtin, "__path__", ())}:
        return ()  # the project is this checkout itself: its parts are the built-in ones
    return tuple(_load(path, folder) for path in sorted(own_package.glob("*.py")) if not path.name.startswith("_"))


def _load(path: Path, folder: str) -> ModuleType:
    name = f"oreflow_project.{folder}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} can't be loaded as Python; rename it to a plain module name.")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{path} failed to load: {type(error).__name__}: {error}. Mend the file or move it out."
        ) from error
    return loaded
