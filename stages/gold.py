"""Gold: reads silver, adds the fields, features and aggregates that its agent chose, passes the gold gate, and answers.

Nothing is published here: tables are staged, and the caller publishes them if the judgement passed. Rows in = rows out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import polars as pl

from oreflow.agent import Agent
from oreflow.answering import answer
from oreflow.contract import Contract
from oreflow.domain import domains
from oreflow.engines import from_engine
from oreflow.enriching import EnrichBench
from oreflow.episode import Episode, Turn
from oreflow.errors import RecipeError
from oreflow.gate import Judgement, judge
from oreflow.operations.enriching import AddAggregate, AddFeature, AddField
from oreflow.recipe import FittedRecipe, FittedStep
from oreflow.replay import replay
from oreflow.rollout import rollout
from oreflow.run import Answer, CellExample, StepReport, TableRef, Verdict
from oreflow.settings import Settings
from oreflow.sql import run_query
from oreflow.tables import MARKS, ROW_ID, Engine, as_text
from warehouse import Staging, Warehouse

EXAMPLES = 4


@dataclass(frozen=True)
class GoldResult:
    """What is ready to be published, and how it came about."""

    staged: Staging
    aggregates: dict[str, Staging]
    judgement: Judgement
    episodes: tuple[Episode, ...]
    recipe: FittedRecipe
    fields_added: tuple[dict[str, Any], ...]
    steps: tuple[StepReport, ...]
    answers: tuple[Answer, ...]

    @property
    def episode(self) -> Episode:
        """The agent's last try."""
        return self.episodes[-1]

    @property
    def verdict(self) -> Verdict:
        """The gold gate's answer; the tables may be published if it passed."""
        return self.judgement.verdict


def enrich(
    silver: pl.LazyFrame | TableRef,
    contract: Contract,
    *,
    warehouse: Warehouse,
    agent: Agent,
    run: str,
    now: Callable[[], datetime],
    settings: Settings,
    on_turn: Callable[[Turn], None] | None = None,
) -> GoldResult:
    """Enrich a silver table, published or at hand. A failed gate goes back to the agent as often as `rounds` allows."""
    ref, silver = (silver, warehouse.scan(silver)) if isinstance(silver, TableRef) else (None, silver)
    rows = int(silver.select(pl.len()).collect().item())
    sample = _sample(silver, rows, settings.sample_rows)
    episodes: list[Episode] = []
    feedback: tuple[dict[str, Any], ...] = ()
    for _ in range(settings.rounds + 1):
        bench = EnrichBench(sample, contract=contract, steps=settings.max_steps, feedback=feedback)
        episode = rollout(agent, bench, max_steps=settings.max_steps, now=now, on_turn=on_turn)
        recipe = bench.recipe()
        staged = _replayed(
            recipe, silver, rows, warehouse.stage("gold", contract.domain, contract.table, run=run), settings.engine
        )
        judgement = judge(staged.scan(), _judged(contract, staged), "gold", gx_rows=settings.gate_rows, now=now())
        episodes.append(_recorded(episode, judgement, contract, run, ref))
        feedback = _feedback(judgement, recipe)
        if judgement.verdict.passed or not feedback:
            break
    return GoldResult(
        staged=staged,
        aggregates=_aggregates(recipe, staged, contract, warehouse, run),
        judgement=judgement,
        episodes=tuple(episodes),
        recipe=recipe,
        fields_added=tuple(_fields(recipe, staged, contract)),
        steps=tuple(_step_report(step, staged) for step in recipe.steps),
        answers=tuple(answers(contract, staged.scan())),
    )


def answers(contract: Contract, gold: pl.LazyFrame) -> list[Answer]:
    """The contract's questions, each answered from the gold table or with the reason why it can't be."""
    return [answer(question, gold, contract=contract) for question in contract.questions]


def _sample(silver: pl.LazyFrame, rows: int, wanted: int) -> pl.DataFrame:
    """Every n-th row, so that a table in order of time is seen from end to end."""
    return (silver if rows <= wanted else silver.gather_every(-(-rows // wanted))).collect(engine="streaming")


def _replayed(recipe: FittedRecipe, silver: pl.LazyFrame, rows: int, staged: Staging, engine: Engine) -> Staging:
    if engine == "polars":
        native: pl.LazyFrame = nw.to_native(recipe.apply(nw.from_native(silver)))
        staged.sink(native)
    else:
        staged.write(from_engine(replay(recipe, silver, engine=engine)).drop(MARKS))
    if staged.rows != rows:
        raise RecipeError(f"enriching turned {rows} rows into {staged.rows}; a field must not add or drop rows.")
    return staged


def _judged(contract: Contract, staged: Staging) -> Contract:
    """The contract without claims about source fields that this table has no columns for: those fields are optional."""
    have = set(staged.scan().collect_schema().names())
    optional = {source.name for domain in domains().values() for source in domain.sources} - have
    return contract.model_copy(update={"rules": tuple(r for r in contract.rules if r.column not in optional)})


def _feedback(judgement: Judgement, recipe: FittedRecipe) -> tuple[dict[str, Any], ...]:
    """What an agent can mend: the broken claims about the columns that it added itself."""
    added = {name for step in recipe.steps for name in step.operation.touches(())}
    broken = [r for r in judgement.verdict.results if not r.passed and r.severity == "critical" and r.column in added]
    told = {"rule", "column", "failing", "description", "error", "examples"}
    return tuple(r.model_dump(mode="json", include=told) for r in broken)


def _recorded(episode: Episode, judgement: Judgement, contract: Contract, run: str, ref: TableRef | None) -> Episode:
    return episode.model_copy(
        update={
            "run": run,
            "table": f"{contract.domain}/{contract.table}",
            "verdicts": [judgement.verdict.model_dump(mode="json")],
            "versions": {ref.layer: ref.version} if ref else {},
        }
    )


def _aggregates(
    recipe: FittedRecipe, staged: Staging, contract: Contract, warehouse: Warehouse, run: str
) -> dict[str, Staging]:
    made: dict[str, Staging] = {}
    for step in recipe.steps:
        if isinstance(step.operation, AddAggregate):
            frame = run_query(step.operation.query(), {"gold": staged.scan()}, rows=None)
            side = step.operation.name
            made[side] = warehouse.stage("gold", contract.domain, contract.table, run=run, side=side)
            made[side].write(frame)
    return made


def _fields(recipe: FittedRecipe, staged: Staging, contract: Contract) -> list[dict[str, Any]]:
    described = {feature.name: feature.description for feature in contract.features}
    steps = [step for step in recipe.steps if isinstance(step.operation, AddField | AddFeature)]
    names = [step.operation.touches(())[0] for step in steps]
    nulls = _null_counts(staged.scan(), names)
    return [_field(step, name, nulls[name], described) for step, name in zip(steps, names, strict=True)]


def _field(step: FittedStep, name: str, nulls: int, described: dict[str, str]) -> dict[str, Any]:
    operation = step.operation
    if isinstance(operation, AddField):
        source = operation.found()
        return {"name": name, "kind": "source", "claim": source.claim, "formula": source.formula,
                "columns": list(operation.inputs().values()), "nulls": nulls}  # fmt: skip
    return {"name": name, "kind": "feature", "claim": described.get(name, ""),
            "formula": str(operation.parameters().get("expression", "")), "nulls": nulls}  # fmt: skip


def _null_counts(gold: pl.LazyFrame, names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    return {k: int(v) for k, v in gold.select(pl.col(names).null_count()).collect().row(0, named=True).items()}


def _step_report(step: FittedStep, staged: Staging) -> StepReport:
    operation = step.operation
    added = operation.touches(())
    return StepReport(
        layer="gold",
        operation=operation.verb(),
        sentence=step.sentence(),
        reason=operation.reason,
        columns=added,
        examples=tuple(example for name in added for example in _examples(staged.scan(), name)),
    )


def _examples(gold: pl.LazyFrame, name: str) -> list[CellExample]:
    """The first few different values of an added column."""
    head = gold.select(pl.col(ROW_ID), pl.col(name)).filter(pl.col(name).is_not_null()).head(200).collect()
    shown = head.unique(name, keep="first", maintain_order=True).head(EXAMPLES)
    cells = zip(shown.get_column(ROW_ID), as_text(shown.get_column(name)), strict=True)
    return [CellExample(row_id=row_id, column=name, old=None, new=new) for row_id, new in cells]
