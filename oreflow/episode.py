"""Episodes: the record of one agent at one workbench, the same for production and for training."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from oreflow.tables import Json

Ending = Literal["finished", "steps", "budget", "agent_error"]


class Turn(BaseModel):
    """One step: what the agent saw, what it did, what came of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    observation: dict[str, Any]
    action: dict[str, Any]
    result: str
    error: str | None = None
    changed_cells: int = 0
    seconds: float = 0.0
    rewards: dict[str, float] = {}


class Episode(BaseModel):
    """One agent's work at one workbench; `terminated` and `truncated` are two things, as in Gymnasium."""

    model_config = ConfigDict(extra="forbid")

    id: str
    stage: str
    agent: dict[str, Json]
    environment: str | None = None
    seed: int | None = None
    run: str | None = None
    table: str | None = None
    turns: list[Turn] = []
    ending: Ending = "finished"
    recipe: dict[str, Any] | None = None
    verdicts: list[dict[str, Any]] = []
    versions: dict[str, int] = {}
    started: datetime
    seconds: float = 0.0

    @property
    def terminated(self) -> bool:
        """The agent ended it."""
        return self.ending == "finished"

    @property
    def truncated(self) -> bool:
        """A limit ended it."""
        return self.ending in ("steps", "budget")


def new_episode_id() -> str:
    """A sortable-enough unique name."""
    return f"ep_{uuid.uuid4().hex[:16]}"
