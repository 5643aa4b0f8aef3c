"""A user's project: the plural folders with one working example part each, a contract, and a sample to start on.

A file that is already there is kept as it is, whatever was asked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from oreflow import odcs
from oreflow.contract import Contract
from oreflow.domain import Domain, find_domain
from oreflow.errors import ConfigError, InfrastructureError

TEMPLATES = Path(__file__).parent / "templates"
SAMPLE_ROWS, SEED = 300, 11


@dataclass(frozen=True)
class NewProject:
    """What `make_project` wrote, and what it kept because it was there."""

    folder: Path
    sample: str
    written: tuple[str, ...]
    kept: tuple[str, ...]


def make_project(folder: Path, domain: str, *, force: bool = False) -> NewProject:
    """Write a project into `folder`; a folder that holds something is refused unless `force` is given."""
    subject = find_domain(domain)
    _check_place(folder, force=force)
    sample = f"incoming/{subject.contract.table}.csv"
    files = {**_from_templates(folder, subject, sample), **_from_domain(subject, sample)}
    written, kept = [], []
    for name, write in sorted(files.items()):
        path = folder / name
        if path.exists():
            kept.append(name)
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
        except OSError as error:
            raise InfrastructureError(f"{path} can't be written: {error.strerror}. Choose another folder.") from error
        written.append(name)
    return NewProject(folder, sample, tuple(written), tuple(kept))


def _check_place(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; name a folder for the project.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise ConfigError(
            f"{folder} is not empty; name a new folder, or add --force to write the missing files beside what is there."
        )


def _from_templates(folder: Path, subject: Domain, sample: str) -> dict[str, Callable[[Path], object]]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words = {
        "name": re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "project",
        "title": subject.title,
        "domain": subject.name,
        "dashed": subject.name.replace("_", "-"),
        "table": subject.contract.table,
        "sample": sample,
        "rows": SAMPLE_ROWS,
    }
    # The templates are YAML, Markdown and Python of our own: there is no HTML to escape.
    shelf = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True)
    texts = {_target(name): shelf.get_template(name).render(words) for name in shelf.list_templates(["j2"])}
    return {name: _writer(text) for name, text in texts.items()}


def _target(template: str) -> str:
    name = template.removesuffix(".j2")
    return ".gitignore" if name == "gitignore" else name


def _writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _from_domain(subject: Domain, sample: str) -> dict[str, Callable[[Path], object]]:
    """The domain's contract as the project's own, and a damaged table to refine."""
    promise: Contract = subject.contract.model_copy(
        update={"questions": subject.contract.questions or subject.questions}
    )
    return {
        f"contracts/{subject.name}.{promise.table}.odcs.yaml": lambda path: odcs.write_contract(promise, path),
        sample: lambda path: _write_sample(subject, path),
    }


def _write_sample(subject: Domain, path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(SEED)
    subject.damage(rng, subject.generate(rng, SAMPLE_ROWS)).write_csv(path)
