"""Places: which folder a table lies in, and which names may become folders.

A name is refused, never escaped: two different names then can't meet in one folder, and what the user typed is what
stands on disk. Quarantine lies beside its silver table as `<table>__quarantine`; a side table as `<table>__<side>`.
"""

import re
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from oreflow.errors import ConfigError, UnknownName

Layer: TypeAlias = Literal["bronze", "silver", "gold", "quarantine"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
QUARANTINE_SUFFIX = "__quarantine"
STAGING, LOG = "_staging", "_delta_log"

_HOSTILE = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 120  # bytes; file names built from it stay under the 255 that file systems allow


def check_part(kind: str, name: str) -> str:
    """`name`, if it can be one folder on every system; else a `ConfigError` with a name that can."""
    trouble = _trouble(name)
    if trouble:
        raise ConfigError(f'{kind} name "{name}" {trouble}; call it for example "{_tame(name)}".')
    return name


def table_folder(root: Path, layer: str, domain: str, table: str) -> Path:
    """The Delta folder of one table; nothing is created."""
    check_layer(layer)
    check_part("domain", domain)
    check_part("table", table)
    if layer == "quarantine":
        return root / "silver" / domain / f"{table}{QUARANTINE_SUFFIX}"
    if layer == "silver" and table.endswith(QUARANTINE_SUFFIX):
        raise ConfigError(f'table name "{table}" ends like a quarantine; take another ending.')
    return root / layer / domain / table


def check_layer(layer: str) -> str:
    """`layer`, if there is one of that name."""
    if layer not in LAYERS:
        raise UnknownName("layer", layer, LAYERS)
    return layer


def table_of_folder(root: Path, folder: Path) -> tuple[str, str, str]:
    """Layer, domain and table of a Delta folder: what `table_folder` was given."""
    layer, domain, table = folder.relative_to(root).parts
    if layer == "silver" and table.endswith(QUARANTINE_SUFFIX):
        return "quarantine", domain, table.removesuffix(QUARANTINE_SUFFIX)
    return layer, domain, table


def check_root(root: Path) -> Path:
    """The warehouse's absolute folder; raises where it can't become one."""
    full = root.expanduser().absolute()
    if full.exists() and not full.is_dir():
        raise ConfigError(f"{root} is a file; a warehouse is a folder. Name another with --warehouse DIR.")
    if re.search(r"%[0-9a-fA-F]{2}", str(full)):  # delta-rs decodes it and then looks in another folder
        raise ConfigError(
            f'{root} holds a "%" code in its path, which Delta tables can\'t bear; choose another folder.'
        )
    return full


def _trouble(name: str) -> str:
    if not name.strip():
        return "is empty"
    if name != name.strip() or name.endswith("."):
        return "begins or ends with a space, or ends with a dot"
    if name.startswith((".", "_")):
        return 'begins with "." or "_", which the warehouse keeps for itself'
    if _HOSTILE.search(name):
        return "holds a character that folders can't have"
    if _RESERVED.fullmatch(name):
        return "is reserved by Windows"
    if len(name.encode()) > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    return ""


def _tame(name: str) -> str:
    tame = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower()[:_LONGEST]
    return f"table_{tame}".rstrip("_") if not tame or _RESERVED.fullmatch(tame) else tame
