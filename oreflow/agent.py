"""Agents: anything with `act(observation) -> Operation`.

An observation is all that an agent may see; each workbench extends it with what it shows. An agent part is a class in
`agents/` that carries `name` and `stages`, made with no arguments.
"""

from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from pydantic import BaseModel, ConfigDict

from oreflow import plugins
from oreflow.errors import ConfigError, UnknownName
from oreflow.operation import Operation
from oreflow.tables import Json


class Observation(BaseModel):
    """What an agent sees before it acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    goal: str
    step: int = 0
    steps_left: int
    operations: tuple[str, ...]
    result: str = ""
    error: str | None = None
    feedback: tuple[dict[str, Any], ...] = ()

    def record(self) -> dict[str, Any]:
        """The observation as the episode keeps it: plain JSON without defaults."""
        return self.model_dump(mode="json", exclude_defaults=True)


@runtime_checkable
class Agent(Protocol):
    """Looks at an observation and answers with one operation."""

    name: ClassVar[str]
    stages: ClassVar[tuple[str, ...]]

    def act(self, observation: Any) -> Operation:
        """The next operation; `Finish` when there is nothing left to do."""
        ...

    def identity(self) -> dict[str, Json]:
        """Who acted: name, version, model and adapter where there is one."""
        ...


def agents() -> dict[str, type[Agent]]:
    """Every agent by name: those of `agents/` and of the project's `agents/` folder."""
    found: dict[str, type[Agent]] = {}
    for module in plugins.modules("agents"):
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and _is_agent(value):
                part = cast("type[Agent]", value)
                found[part.name] = part
    return found


def make_agent(name: str, stage: str) -> Agent:
    """The agent called `name`, fit for `stage`; raises with the known names."""
    known = agents()
    if name not in known:
        raise UnknownName("agent", name, known)
    if stage not in known[name].stages:
        raise ConfigError(f'agent "{name}" works at {", ".join(known[name].stages)}, not at {stage}; choose another.')
    return known[name]()


def _is_agent(value: Any) -> bool:
    return all(hasattr(value, part) for part in ("name", "stages", "act", "identity")) and isinstance(value.name, str)
