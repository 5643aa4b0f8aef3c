"""Labeling functions: one claim each about what a damaged cell looks like, addressed to a column role.

A decorator only tags. `discover()` finds every tagged function in `labeling_functions/` and in the project's folder.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar

import narwhals as nw

from oreflow import plugins
from oreflow.errors import ConfigError
from oreflow.roles import ROLES

DAMAGED, CLEAN, ABSTAIN = 1, 0, -1
ANY = "any"  # in place of a role: every data column

View: TypeAlias = Literal["text", "raw", "written", "number", "moment"]
Judge: TypeAlias = Callable[..., nw.Expr]
F = TypeVar("F", bound=Judge)

NUMBER_ROLES = frozenset(
    "amount,price,quantity,percent,score,level,duration,distance,age,year,latitude,longitude".split(",")  # noqa: SIM905
)
MOMENT_ROLES = frozenset({"date", "start_date", "end_date", "birth_date", "timestamp"})


@dataclass(frozen=True)
class LabelingFunction:
    """One claim. `targets` holds, per parameter of `judge`, the roles or column names that it may be given.

    `precision` is the author's belief in a damaged vote, which the label model starts from: 0.97 for what can't be
    true, 0.9 for what hardly can, 0.75 for what is only odd.
    """

    name: str
    claim: str
    judge: Judge
    targets: tuple[tuple[str, ...], ...]
    reads: tuple[View, ...]
    otherwise: Literal["clean", "abstain"]
    needs_profile: bool
    precision: float
    domain: str | None


def labels(
    role: str | tuple[str, ...],
    *,
    reads: View | None = None,
    otherwise: Literal["clean", "abstain"] = "clean",
    needs: Literal["profile"] | None = None,
    precision: float = 0.9,
    domain: str | None = None,
) -> Callable[[F], F]:
    """Tag `judge(cell)` as a claim about every column of the role (or of one of the roles, or `"any"`).

    The judge gets the cell as `reads` says (default: what suits the role) and returns "this cell is damaged":

    - `text`: stripped text of a text column; `raw`: the same, not stripped; `written`: also whole numbers, as text
    - `number`: a float, also from text that shows one; `moment`: a datetime, also from ISO text

    A column of another dtype is passed over; an empty cell, or one that can't be read so, abstains. With
    `needs="profile"` the judge is `judge(cell, profile)`, where `profile` is a `ColumnProfile` learned on a sample.
    """
    roles = (role,) if isinstance(role, str) else role
    return _tag((roles,), (reads,) if reads else None, otherwise, needs is not None, precision, domain)


def labels_row(
    roles: tuple[str, ...],
    *,
    reads: tuple[View, ...] | None = None,
    otherwise: Literal["clean", "abstain"] = "clean",
    precision: float = 0.9,
    domain: str | None = None,
) -> Callable[[F], F]:
    """Tag `judge(first, second, …)` as a claim about several cells of one row; it abstains where any of them is empty.

    A name in `roles` that is no role is a column's own name, compared word by word (`YearsAtCompany`).
    """
    return _tag(tuple((role,) for role in roles), reads, otherwise, False, precision, domain)


def _tag(
    targets: tuple[tuple[str, ...], ...],
    reads: tuple[View, ...] | None,
    otherwise: Literal["clean", "abstain"],
    needs_profile: bool,
    precision: float,
    domain: str | None,
) -> Callable[[F], F]:
    views = reads or tuple(default_view(alternatives[0]) for alternatives in targets)

    def tag(judge: F) -> F:
        name = getattr(judge, "__name__", "")
        claim = (judge.__doc__ or "").strip()
        if not claim or "\n" in claim:
            raise ConfigError(f"labeling function {name}: give it a docstring of one line, its claim.")
        if len(views) != len(targets):
            raise ConfigError(f"labeling function {name}: {len(targets)} roles need as many views, not {len(views)}.")
        found = LabelingFunction(name, claim, judge, targets, views, otherwise, needs_profile, precision, domain)
        setattr(judge, _MARK, found)
        return judge

    return tag


_MARK = "labeling_function"


def default_view(role: str) -> View:
    """How a cell of this role is read: as a number, a moment or text."""
    if role in NUMBER_ROLES:
        return "number"
    return "moment" if role in MOMENT_ROLES else "text"


@cache
def discover() -> dict[str, LabelingFunction]:
    """Every labeling function by name, the built-in ones first; two of one name are refused."""
    found: dict[str, LabelingFunction] = {}
    for module in plugins.modules("labeling_functions"):
        for function in _tagged(vars(module).values(), module.__name__):
            if function.name in found:
                raise ConfigError(f'two labeling functions are called "{function.name}"; rename one of them.')
            found[function.name] = function
    return found


def _tagged(values: Iterable[Any], module: str) -> list[LabelingFunction]:
    tagged = [value for value in values if callable(value) and getattr(value, "__module__", None) == module]
    return [mark for value in tagged if isinstance(mark := getattr(value, _MARK, None), LabelingFunction)]


def for_domain(domain: str | None) -> tuple[LabelingFunction, ...]:
    """The functions that may judge a table of this domain: the shared ones and the domain's own."""
    return tuple(f for f in discover().values() if f.domain in (None, domain))


def is_role(target: str) -> bool:
    """Whether a target is a role; otherwise it is a column's own name."""
    return target == ANY or target in ROLES
