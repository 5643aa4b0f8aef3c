"""The scripted agent: no model, plans from what the workbench measures; the embedded default of every stage."""

from typing import Any, ClassVar

import oreflow
from agents.scripted_parts import enrich, ingest
from agents.scripted_parts.clean import Cleaner
from oreflow.operation import Operation
from oreflow.tables import Json


class Scripted:
    """Works at every stage without a model."""

    name: ClassVar[str] = "scripted"
    stages: ClassVar[tuple[str, ...]] = ("ingest", "clean", "enrich")

    def __init__(self) -> None:
        self._cleaner = Cleaner()

    def act(self, observation: Any) -> Operation:
        """The next operation at the observation's stage."""
        if observation.stage == "clean":
            return self._cleaner.choose(observation)
        choose = ingest.choose if observation.stage == "ingest" else enrich.choose
        return choose(observation)

    def identity(self) -> dict[str, Json]:
        """Name and version: the plan is a function of both."""
        return {"name": self.name, "version": oreflow.__version__, "model": None}
