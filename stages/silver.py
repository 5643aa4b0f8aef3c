"""Silver: an agent cleans a sample, its recipe is replayed on all rows, doubtful rows go aside, a gate judges."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from oreflow import gate, labeling, roles
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
from oreflow.structure import EMPTY_AS
from oreflow.tables import DAMAGE, MERGED_INTO, QUARANTINE, ROW_ID, active, data_columns
from oreflow.workbench import TableBench
from stages.describing import describe
from stages.replaying import replay
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
    on_turn: Callable[[Turn], None] | None = None,
) -> SilverResult:
    """Clean one bronze batch; raises `BudgetSpent` where the recipe would change more than the budget allows."""
    raw = batch.select(ROW_ID, *data_columns(batch.collect_schema().names()))
    sample = take_sample(raw, settings.sample_rows)
    known = dict(contract.roles()) if contract else {}
    guessed = roles.guess_roles(sample.drop(ROW_ID)) | known
    recipe, promise, bench, episodes = _plan(sample, agent, contract, guessed, domain, table, settings, now, on_turn)
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
            promise = hold_to_all_rows(promise, _readers_part(marked))
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
    settings: Settings, now: Callable[[], datetime], on_turn: Callable[[Turn], None] | None,
) -> tuple[FittedRecipe, Contract, TableBench, list[Episode]]:  # fmt: skip
    """Rounds of agent and gate on the sample: a failed gate goes back to the agent with the failing rules."""
    feedback: tuple[dict[str, Any], ...] = ()
    recipe: FittedRecipe | None = None
    episodes: list[Episode] = []
    keep = [c.name for c in contract.columns] if contract else []
    steps = max(settings.max_steps, 10 * sample.width)
    while True:
        bench = TableBench(
            sample, budget=settings.budget, roles=guessed, keep=keep, steps=steps, feedback=feedback, start=recipe
        )
        episode = rollout(agent, bench, max_steps=steps, now=now, on_turn=on_turn)
        episodes.append(episode)
        stuck = recipe is not None and bench.recipe() == recipe
        recipe, cleaned = bench.recipe(), active(bench.frame)
        promise = contract or draft_contract(cleaned, domain=domain, table=table, roles=dict(guessed), raw=sample)
        judgement = gate.judge(cleaned.lazy(), promise, "silver", gx_rows=0)
        episode.verdicts.append(judgement.verdict.model_dump(mode="json"))
        feedback = _feedback(judgement.verdict, promise)
        if judgement.verdict.passed or stuck or len(episodes) > settings.rounds:
            return recipe, promise, bench, episodes


def hold_to_all_rows(contract: Contract, table: pl.LazyFrame) -> Contract:
    """A contract drafted on a sample, without the claims of "never empty" and "unique" that the whole table breaks."""
    names = [c.name for c in contract.columns if c.required]
    keyed = [name for name in contract.key if len(contract.key) == 1]
    facts = table.select(
        pl.len().alias("rows"),
        *(pl.col(n).null_count().alias(f"nulls {n}") for n in names),
        *(pl.col(n).n_unique().alias(f"kinds {n}") for n in keyed),
    )
    found = facts.collect(engine="streaming").row(0, named=True)
    emptied = {n for n in names if found[f"nulls {n}"]}
    if any(found[f"kinds {n}"] < found["rows"] for n in keyed):
        contract = contract.model_copy(update={"key": ()})
    columns = tuple(c.model_copy(update={"required": False}) if c.name in emptied else c for c in contract.columns)
    kept = tuple(r for r in contract.rules if not (r.kind == "not_null" and r.column in emptied))
    unique = set(contract.key)
    columns = tuple(c.model_copy(update={"unique": c.unique and (c.name in unique or not keyed)}) for c in columns)
    return contract.model_copy(update={"columns": columns, "rules": kept})


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
    doubtful, reports = _label(marked, contract, warehouse, run, settings)
    marked = _set_aside(marked, doubtful)
    judgement = gate.judge(_readers_part(marked), contract, "silver", gx_rows=0)
    if not judgement.verdict.passed:
        marked = _set_aside(marked, _failing_rows(judgement, contract))
    marked = _typed_as_promised(marked, contract)
    silver = warehouse.stage("silver", contract.domain, contract.table, run=run)
    quarantine = warehouse.stage("quarantine", contract.domain, contract.table, run=run)
    aside = marked.filter(pl.col(QUARANTINE).is_not_null()).drop(MERGED_INTO)
    sink_together([(silver, _readers_part(marked)), (quarantine, aside)])
    verdict = gate.judge(silver.scan(), contract, "silver", gx_rows=settings.gate_rows).verdict
    rows = _rows(marked)
    reasons, examples = _reasons(marked)
    return SilverResult(
        contract=contract, recipe=FittedRecipe(), verdict=verdict, silver=silver, quarantine=quarantine, rows=rows,
        score={"after": verdict.score.get("score", 0.0)}, labels=reports, reasons=reasons, reason_examples=examples,
    )  # fmt: skip


def _typed_as_promised(marked: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Text columns whose every cell reads as the contract's type, or that are empty, are stored as that type.

    An agent can't tell the type of a column without values, and may leave one as text that loses nothing by the type.
    """
    schema = marked.collect_schema()
    wanted = {
        c.name: EMPTY_AS[c.type] for c in contract.columns if schema.get(c.name) == pl.String and c.type != "string"
    }
    if not wanted:
        return marked
    read = {name: _read_as(pl.col(name).str.strip_chars(), dtype) for name, dtype in wanted.items()}
    lost = marked.select((cell.is_null() & pl.col(name).is_not_null()).sum().alias(name) for name, cell in read.items())
    losses = lost.collect(engine="streaming").row(0, named=True)
    return marked.with_columns(cell.alias(name) for name, cell in read.items() if not losses[name])


def _read_as(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Plain text as the type: numbers with a point, ISO dates and times, true and false; null where it is none."""
    if dtype == pl.Int64:
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number == number.round(0)).then(number).cast(pl.Int64, strict=False)
    if dtype == pl.Boolean:
        return (
            pl.when(text.str.to_lowercase() == "true").then(True).when(text.str.to_lowercase() == "false").then(False)
        )
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Datetime:
        return text.str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    return text.cast(dtype, strict=False)


def _readers_part(marked: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that nothing condemned, without the marks."""
    return marked.filter(pl.col(QUARANTINE).is_null() & pl.col(MERGED_INTO).is_null()).drop(QUARANTINE, MERGED_INTO)


def _label(
    marked: pl.LazyFrame, contract: Contract, warehouse: Warehouse, run: str, settings: Settings
) -> tuple[pl.DataFrame, list[LabelReport]]:
    """Row id and reason of each row that the label model judges damaged; votes and probabilities are kept."""
    rows = _readers_part(marked)
    votes = labeling.vote(rows, contract.roles(), domain=contract.domain)
    fit = labeling.fit_label_model(votes)
    judged = labeling.probabilities(votes, fit=fit)
    warehouse.save_votes(run, votes.frame.join(judged, on=ROW_ID, how="left"))
    damaged = judged.filter(pl.col(DAMAGE) >= settings.quarantine_at)
    reports = labeling.analysis(votes, fit=fit)
    if damaged.height == 0:
        return pl.DataFrame(schema={ROW_ID: pl.Int64, "why": pl.String}), reports
    why = labeling.reasons(rows, votes, damaged.get_column(ROW_ID).to_list())
    texts = pl.format("{}: {}", pl.col("column"), pl.col("claim")).unique().sort().str.join("; ").alias("why")
    return why.group_by(ROW_ID).agg(texts), reports


def _failing_rows(judgement: gate.Judgement, contract: Contract) -> pl.DataFrame:
    """Row id and reason of each row that fails a critical rule."""
    critical = [r.rule for r in judgement.verdict.results if r.severity == "critical" and not r.passed]
    failing = judgement.failing.filter(pl.col("rule").is_in(critical) & pl.col(ROW_ID).is_not_null())
    texts = (pl.lit("gate ") + pl.col("rule")).unique().sort().str.join("; ").alias("why")
    return failing.group_by(ROW_ID).agg(texts)


def _set_aside(marked: pl.LazyFrame, doubtful: pl.DataFrame) -> pl.LazyFrame:
    if doubtful.height == 0:
        return marked
    joined = marked.join(doubtful.lazy(), on=ROW_ID, how="left", maintain_order="left")
    free = pl.col(QUARANTINE).is_null() & pl.col(MERGED_INTO).is_null()
    mark = pl.when(free).then(pl.col("why")).otherwise(pl.col(QUARANTINE))
    return joined.with_columns(mark.alias(QUARANTINE)).drop("why")


def _rows(marked: pl.LazyFrame) -> Rows:
    """The row accounting, each mask counted on the table as it was staged."""
    aside, merged = pl.col(QUARANTINE).is_not_null(), pl.col(MERGED_INTO).is_not_null()
    counts = marked.select(
        pl.len().alias("all"),
        aside.sum().alias("aside"),
        (merged & ~aside).sum().alias("merged"),
        (~aside & ~merged).sum().alias("out"),
    ).collect(engine="streaming")
    total, quarantined, merges, out = (int(v or 0) for v in counts.row(0))
    return Rows(in_=total, out=out, quarantined=quarantined, merged=merges)


def _reasons(marked: pl.LazyFrame) -> tuple[dict[str, int], list[dict[str, Any]]]:
    aside = marked.filter(pl.col(QUARANTINE).is_not_null())
    counts = aside.group_by(QUARANTINE).len("n").sort("n", descending=True).head(200).collect(engine="streaming")
    examples = aside.head(20).collect(engine="streaming").drop(MERGED_INTO)
    return {str(k): int(n) for k, n in counts.iter_rows()}, examples.to_dicts()
