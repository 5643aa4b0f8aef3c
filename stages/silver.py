"""Silver: an agent cleans a sample, its recipe is replayed on all rows, doubtful rows go aside, a gate judges."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from oreflow import gate, roles
from oreflow.agent import Agent
from oreflow.contract import Contract
from oreflow.drafting import draft_contract
from oreflow.episode import Episode, Turn
from oreflow.errors import BudgetSpent
from oreflow.measures.dq import contract_score
from oreflow.recipe import FittedRecipe
from oreflow.rollout import rollout
from oreflow.run import ColumnReport, LabelReport, Rows, StepReport, Verdict
from oreflow.settings import Settings
from oreflow.tables import MERGED_INTO, QUARANTINE, ROW_ID, active, data_columns
from oreflow.workbench import TableBench
from stages.describing import describe
from stages.promises import hold_to_all_rows, typed_as_promised
from stages.replaying import replay
from stages.setting_aside import account, failing_rows, judged_damaged, readers_part, reasons, set_aside
from warehouse import Staging, Warehouse, sink_together


@dataclass
class SilverResult:
    """What silver made: nothing of it is visible to readers before it is published."""

    contract: Contract
    recipe: FittedRecipe
    verdict: Verdict
    silver: Staging
    quarantine: Staging
    rows: Rows
    score: dict[str, float]
    steps: list[StepReport] = field(default_factory=list)
    columns: list[ColumnReport] = field(default_factory=list)
    labels: list[LabelReport] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    reason_examples: list[dict[str, Any]] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)


def clean(
    batch: pl.LazyFrame,
    *,
    warehouse: Warehouse,
    agent: Agent,
    contract: Contract | None,
    domain: str,
    table: str,
    run: str,
    settings: Settings,
    now: Callable[[], datetime],
    on_episode: Callable[[Episode], None],
    on_turn: Callable[[Turn], None] | None = None,
) -> SilverResult:
    """Clean one bronze batch; raises `BudgetSpent` where the recipe would change more than the budget allows.

    `on_episode` gets every round's episode, also that of a round that the budget ended.
    """
    raw = batch.select(ROW_ID, *data_columns(batch.collect_schema().names()))
    sample = take_sample(raw, settings.sample_rows)
    known = dict(contract.roles()) if contract else {}
    guessed = roles.guess_roles(sample.drop(ROW_ID)) | known
    recipe, promise, bench, episodes = _plan(
        sample, agent, contract, guessed, domain, table, settings, now, on_episode, on_turn
    )
    with tempfile.TemporaryDirectory(prefix="oreflow-") as folder:
        marked, steps = replay(
            recipe,
            raw,
            folder=Path(folder),
            write_edits=lambda edits: warehouse.edits.append(run, edits),
            engine=settings.engine,
        )
        _keep_budget(steps, raw, settings)
        if contract is None:
            promise = hold_to_all_rows(promise, readers_part(marked))
        result = _judge_and_stage(marked, promise, warehouse, run, settings, Path(folder))
        result.recipe, result.steps, result.episodes = recipe, steps + result.steps, episodes
        changed = _changed_by_column(steps)
        result.columns = describe(
            raw, result.silver.scan(), sample=active(bench.frame), roles=promise.roles(), changed=changed
        )
    result.score["before"] = contract_score(raw, promise)["score"]
    return result


def take_sample(table: pl.LazyFrame, rows: int) -> pl.DataFrame:
    """Every row of a small table, evenly spread rows of a large one; the same rows every time."""
    total = int(table.select(pl.len()).collect(engine="streaming").item())
    if total <= rows:
        return table.collect()
    every = -(-total // rows)
    return table.with_row_index("__n").filter(pl.col("__n") % every == 0).drop("__n").collect(engine="streaming")


def _plan(
    sample: pl.DataFrame, agent: Agent, contract: Contract | None, guessed: Mapping[str, str], domain: str, table: str,
    settings: Settings, now: Callable[[], datetime], on_episode: Callable[[Episode], None],
    on_turn: Callable[[Turn], None] | None,
) -> tuple[FittedRecipe, Contract, TableBench, list[Episode]]:  # fmt: skip
    """Rounds of agent and gate on the sample: a failed gate goes back to the agent with the failing rules."""
    feedback: tuple[dict[str, Any], ...] = ()
    recipe: FittedRecipe | None = None
    episodes: list[Episode] = []
    keep = [c.name for c in contract.columns] if contract else []
    steps = max(settings.max_steps, 10 * sample.width)
    while True:
        bench = TableBench(
            sample,
            budget=settings.budget,
            roles=guessed,
            keep=keep,
            steps=steps,
            feedback=feedback,
            start=recipe,
            today=now().date(),
        )
        episode = rollout(agent, bench, max_steps=steps, now=now, on_turn=on_turn)
        episodes.append(episode)
        if episode.ending == "budget":
            on_episode(episode)
            raise BudgetSpent(_refused(episode))
        stuck = recipe is not None and bench.recipe() == recipe
        recipe, cleaned = bench.recipe(), active(bench.frame)
        promise = contract or draft_contract(cleaned, domain=domain, table=table, roles=dict(guessed), raw=sample)
        judgement = gate.judge(cleaned.lazy(), promise, "silver", gx_rows=0)
        episode.verdicts.append(judgement.verdict.model_dump(mode="json"))
        on_episode(episode)
        feedback = _feedback(judgement.verdict, promise)
        if judgement.verdict.passed or stuck or len(episodes) > settings.rounds:
            return recipe, promise, bench, episodes


def _refused(episode: Episode) -> str:
    """What the budget kept the agent from doing, and what to do about it."""
    first = next(turn for turn in episode.turns if turn.error and "budget" in turn.error)
    return (
        f"the agent was stopped at {first.action.get('operation')}: {first.error} Nothing was published. Raise "
        "budget in oreflow.yaml (cells, rows, columns) if the change is wanted."
    )


def _feedback(verdict: Verdict, contract: Contract) -> tuple[dict[str, Any], ...]:
    arguments = {rule.id: rule.arguments for rule in contract.rules}
    return tuple(
        {**r.model_dump(mode="json", include={"rule", "kind", "column", "severity", "failing", "examples", "error"}),
         "arguments": arguments.get(r.rule, {})}
        for r in verdict.results if not r.passed and r.severity == "critical"
    )  # fmt: skip


def _keep_budget(steps: list[StepReport], raw: pl.LazyFrame, settings: Settings) -> None:
    """The budget holds for the whole table, not only for the sample that the agent saw."""
    rows = int(raw.select(pl.len()).collect(engine="streaming").item())
    cells = max(1, rows * len(data_columns(raw.collect_schema().names())))
    changed = sum(s.changed_cells for s in steps if s.meaning == "value")
    if changed > settings.budget.cells * cells:
        raise BudgetSpent(
            f"the recipe changes {changed:,} of {cells:,} cells, over the budget of {settings.budget.cells:.0%}; "
            "nothing was published. Raise budget.cells in oreflow.yaml if the change is wanted."
        )
    marked = sum(s.quarantined_rows + s.merged_rows for s in steps)
    if marked > settings.budget.rows * max(1, rows):
        raise BudgetSpent(
            f"the recipe sets aside or merges {marked:,} of {rows:,} rows, over the budget of "
            f"{settings.budget.rows:.0%}; nothing was published. Raise budget.rows in oreflow.yaml if that is wanted."
        )


def _changed_by_column(steps: list[StepReport]) -> dict[str, int]:
    changed: dict[str, int] = {}
    for step in steps:
        if len(step.columns) == 1:
            changed[step.columns[0]] = changed.get(step.columns[0], 0) + step.changed_cells
    return changed


def _judge_and_stage(
    marked: pl.LazyFrame, contract: Contract, warehouse: Warehouse, run: str, settings: Settings, folder: Path
) -> SilverResult:
    """Labels, then the gate; rows that either condemns go aside; the rest is staged and judged as it will be read."""
    doubtful, reports = judged_damaged(marked, contract, warehouse, run, settings)
    marked = set_aside(marked, doubtful)
    judgement = gate.judge(readers_part(marked), contract, "silver", gx_rows=0)
    if not judgement.verdict.passed:
        marked = set_aside(marked, failing_rows(judgement, contract))
    marked = typed_as_promised(marked, contract)
    silver = warehouse.stage("silver", contract.domain, contract.table, run=run)
    quarantine = warehouse.stage("quarantine", contract.domain, contract.table, run=run)
    aside = marked.filter(pl.col(QUARANTINE).is_not_null()).drop(MERGED_INTO)
    sink_together([(silver, readers_part(marked)), (quarantine, aside)])
    verdict = gate.judge(silver.scan(), contract, "silver", gx_rows=settings.gate_rows).verdict
    rows = account(marked)
    why, examples = reasons(marked)
    return SilverResult(
        contract=contract, recipe=FittedRecipe(), verdict=verdict, silver=silver, quarantine=quarantine, rows=rows,
        score={"after": verdict.score.get("score", 0.0)}, labels=reports, reasons=why, reason_examples=examples,
    )  # fmt: skip
