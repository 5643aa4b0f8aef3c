"""The enriching workbench: a sample of a silver table and the gold columns and aggregates added to it so far."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from oreflow.agent import Observation
from oreflow.contract import Aggregate, Contract, Feature
from oreflow.domain import Domain, Source, domains
from oreflow.enrichment import resolve
from oreflow.errors import NotApplicable, OreflowError, UnknownName
from oreflow.operation import Operation, operations
from oreflow.operations.enriching import AddAggregate, AddFeature, AddField
from oreflow.recipe import FittedRecipe, FittedStep, apply_eager, learn_step
from oreflow.sql import run_query
from oreflow.tables import active, data_columns, with_marks, with_row_ids

GOAL = "Add the fields that this business asks about: only what the columns support, each once, none overwritten."


class ColumnView(BaseModel):
    """One column as the agent sees it."""

    model_config = ConfigDict(frozen=True)

    name: str
    dtype: str
    role: str | None = None


class SourceView(BaseModel):
    """A source that applies: the columns that feed it, and what its field would hold on the sample."""

    model_config = ConfigDict(frozen=True)

    name: str
    claim: str
    formula: str
    columns: dict[str, str]
    null_share: float
    distinct: int


class EnrichObservation(Observation):
    """The table's columns, the sources that apply, what the contract asks for, and what has been added."""

    rows: int
    columns: tuple[ColumnView, ...]
    sources: tuple[SourceView, ...]
    features: tuple[Feature, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    added: tuple[str, ...] = ()
    refused: dict[str, str] = Field(default={}, description="What could not be added, and why.")


class EnrichBench:
    """A table in memory that gains columns; satisfies `rollout.Bench`."""

    def __init__(
        self,
        sample: pl.DataFrame,
        *,
        contract: Contract,
        steps: int = 400,
        goal: str = GOAL,
        feedback: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.stage = "enrich"
        self.goal = goal
        self.contract = contract
        self.feedback = tuple(feedback)
        self.frame = with_marks(with_row_ids(sample))
        self.steps: list[FittedStep] = []
        self.added: list[str] = []
        self.refused: dict[str, str] = {}
        self._steps_left = steps
        self._result = ""
        self._error: str | None = None
        self._domain = domains().get(contract.domain)
        self._sources = self._applying()

    def observe(self) -> EnrichObservation:
        """What the agent may see now."""
        roles, schema = self.contract.roles(), self.frame.schema
        return EnrichObservation(
            stage=self.stage,
            goal=self.goal,
            step=len(self.steps),
            steps_left=self._steps_left,
            operations=tuple(sorted(verb for verb, kind in operations().items() if self.stage in kind.stages)),
            result=self._result,
            error=self._error,
            feedback=self.feedback,
            rows=active(self.frame).height,
            columns=tuple(
                ColumnView(name=name, dtype=str(schema[name]), role=roles.get(name))
                for name in data_columns(list(schema))
            ),
            sources=tuple(self._sources.values()),
            features=self.contract.features,
            aggregates=self.contract.aggregates,
            added=tuple(self.added),
            refused=dict(self.refused),
        )

    def do(self, operation: Operation) -> int:
        """Do one operation; returns the number of filled cells that it added. A refusal changes nothing."""
        self._steps_left -= 1
        self._error = None
        try:
            return 0 if operation.effect == "end" else self._add(self._complete(operation))
        except OreflowError as refused:
            self._error = str(refused)
            self.refused[_target(operation)] = str(refused)
            raise

    def recipe(self) -> FittedRecipe:
        """The steps so far."""
        return FittedRecipe(steps=tuple(self.steps))

    def recipe_record(self) -> dict[str, Any]:
        """The recipe as the episode keeps it."""
        return self.recipe().model_dump(mode="json")

    def _applying(self) -> dict[str, SourceView]:
        views = (self._view(source, self._domain) for source in self._domain.sources) if self._domain else ()
        return {view.name: view for view in views if view is not None}

    def _view(self, source: Source, domain: Domain) -> SourceView | None:
        rows = active(self.frame)
        columns = resolve(source, domain, rows.schema, roles=self.contract.roles())
        if columns is None:
            return None
        step = learn_step(
            AddField(source=source.name, name="field", columns=columns), rows.select(set(columns.values()))
        )
        field = apply_eager(step, rows.select(set(columns.values()))).get_column("field")
        return SourceView(
            name=source.name,
            claim=source.claim,
            formula=source.formula,
            columns=columns,
            null_share=round(field.null_count() / max(1, len(field)), 4),
            distinct=field.drop_nulls().n_unique(),
        )

    def _complete(self, operation: Operation) -> Operation:
        """The operation with what the bench knows: the columns of a source, the contract's words for the rest."""
        match operation:
            case AddField():
                return self._field(operation)
            case AddFeature():
                feature = _named("feature", operation.name, {f.name: f for f in self.contract.features})
                return operation.model_copy(update={"expression": feature.expression})
            case AddAggregate():
                asked = _named("aggregate", operation.name, {a.name: a for a in self.contract.aggregates})
                return operation.model_copy(update={"group_by": asked.group_by, "measures": asked.measures})
            case _:
                raise NotApplicable(f"{operation.verb()} is not for this stage; see the observation's operations.")

    def _field(self, operation: AddField) -> AddField:
        source = operation.found()
        if source.name in {s.operation.source for s in self.steps if isinstance(s.operation, AddField)}:
            raise NotApplicable(f"{source.name} has been added already; a source serves once.")
        if operation.columns:
            return operation
        if source.name not in self._sources:
            raise NotApplicable(
                f"{source.name} needs {', '.join(source.inputs)}, which this table doesn't have in a usable type."
            )
        return operation.model_copy(update={"columns": self._sources[source.name].columns})

    def _add(self, operation: Operation) -> int:
        if isinstance(operation, AddAggregate):
            return self._aggregate(operation)
        step = learn_step(operation, self.frame)
        try:
            after = apply_eager(step, self.frame)
        except (pl.exceptions.PolarsError, nw.exceptions.NarwhalsError) as error:
            raise NotApplicable(f"{operation.verb()} can't be computed on this table: {error}") from error
        name = operation.touches(after.columns)[0]
        self.frame = after
        filled = after.height - after.get_column(name).null_count()
        self._keep(step, name, f"{name} is filled in {filled} of {after.height} rows.")
        return filled

    def _aggregate(self, operation: AddAggregate) -> int:
        if operation.name in self.added:
            raise NotApplicable(f'aggregate "{operation.name}" has been added already.')
        step = learn_step(operation, self.frame)
        made = run_query(operation.query(), {"gold": active(self.frame).lazy()})
        self._keep(step, operation.name, f"{operation.name} has {made.height} rows on the sample.")
        return 0

    def _keep(self, step: FittedStep, name: str, result: str) -> None:
        self.steps.append(step)
        self.added.append(name)
        self._result = result


def _target(operation: Operation) -> str:
    """What an operation wanted to add, by the name that the observation lists it under."""
    match operation:
        case AddField():
            return operation.source
        case AddFeature() | AddAggregate():
            return operation.name
        case _:
            return operation.verb()


def _named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise UnknownName(kind, name, known, fix="Only what the contract names can be added.")
    return known[name]
