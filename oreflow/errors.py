"""Errors: one tree, each with the exit code that a command ends with; a message says what to do about it."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

_MOST = 12  # a message that lists more is no longer read


class OreflowError(Exception):
    """Anything Oreflow refuses to do; its message names the fix."""

    exit_code: ClassVar[int] = 2


class ConfigError(OreflowError):
    """An option, environment variable or `oreflow.yaml` that can't be used."""


class ContractError(OreflowError):
    """A contract file that is not valid ODCS, or contradicts the table it is for."""


class SourceError(OreflowError):
    """A file, table or query that can't be read as a table."""


class UnknownName(OreflowError):
    """A name that nothing answers to: column, domain, agent, operation, engine, run, table."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, fix: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(unknown(kind, name, self.known) + (f" {fix}" if fix else ""))


class NotApplicable(OreflowError):
    """An operation that this table or column is not for; the agent sees it as an observation."""


class RecipeError(OreflowError):
    """A recipe that can't be read or replayed on this table."""


class GateFailed(OreflowError):
    """The data failed a critical gate: nothing was published."""

    exit_code = 1


class InfrastructureError(OreflowError):
    """A store, server or database that didn't answer."""

    exit_code = 3


class WaitingForApproval(OreflowError):
    """The run stands still until a person approves it."""

    exit_code = 4


class BudgetSpent(OreflowError):
    """The change, token or time budget is used up."""

    exit_code = 5


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that `name` is no `kind`, with the nearest known name or the list of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6) or [n for n in names if n.lower() == name.lower()][:1]
    hint = f'did you mean "{near[0]}"?' if near else f"known: {_listed(names)}."
    return f'no {kind} "{name}"; {hint}'


def store_failed(error: OSError) -> InfrastructureError:
    """What the system refused (a full disk, a folder that can't be written) as one message."""
    place = f"{error.filename}: " if error.filename else ""
    return InfrastructureError(
        f"{place}{error.strerror or error}. Check that the folder is there and can be written, and that the disk has"
        " room."
    )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST
    return (", ".join(names[:_MOST]) or "none") + (f" and {more} more" if more > 0 else "")
