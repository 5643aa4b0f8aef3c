"""YAML as contracts mean it: `Yes`, `2026-01-31` and `007` are text unless a rule wants otherwise.

PyYAML reads YAML 1.1, where `[Yes, No]` becomes true and false and a repeated key silently hides the first one; a
contract that says either must not be misread.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from oreflow.errors import ContractError

_RESOLVED = {
    "tag:yaml.org,2002:bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "tag:yaml.org,2002:int": (re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), "-+0123456789"),
    "tag:yaml.org,2002:float": (
        re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
        "-+.0123456789",
    ),
    "tag:yaml.org,2002:null": (re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
}


class _Loader(yaml.SafeLoader):
    """Reads scalars by YAML 1.2's core rules and refuses repeated keys."""


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, so that a list used twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _first) in _RESOLVED.items():
    _Loader.add_implicit_resolver(_tag, _pattern, list(_first) if "\0" not in _first else [*_first.strip("\0"), ""])


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            mark = key.start_mark
            raise yaml.constructor.ConstructorError(None, None, f'the key "{key.value}" is there twice', mark)
        seen.add(str(key.value))
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """The file's content; `ContractError` with the line for what is no YAML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ContractError(f"{path}: no such contract; draft one with `oreflow profile`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} can't be read as UTF-8 text: {error}. Save it as UTF-8.") from error
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = getattr(error, "problem", None) or error
        raise ContractError(f"{path}{place}: {said}. Mend the YAML there.") from error


def write_yaml(content: Any, path: Path) -> None:
    """Replace the file as a whole, so that a reader never meets half a contract."""
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
