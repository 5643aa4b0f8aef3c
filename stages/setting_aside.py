"""Setting aside: rows that the label model or the gate condemns are marked with the reason, and counted once."""

from typing import Any

import polars as pl

from oreflow import gate, labeling
from oreflow.contract import Contract
from oreflow.run import LabelReport, Rows
from oreflow.settings import Settings
from oreflow.tables import DAMAGE, MERGED_INTO, QUARANTINE, ROW_ID
from warehouse import Warehouse


def readers_part(marked: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that nothing condemned, without the marks."""
    return marked.filter(pl.col(QUARANTINE).is_null() & pl.col(MERGED_INTO).is_null()).drop(QUARANTINE, MERGED_INTO)


def judged_damaged(
    marked: pl.LazyFrame, contract: Contract, warehouse: Warehouse, run: str, settings: Settings
) -> tuple[pl.DataFrame, list[LabelReport]]:
    """Row id and reason of each row that the label model judges damaged; votes and probabilities are kept."""
    rows = readers_part(marked)
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


def failing_rows(judgement: gate.Judgement, contract: Contract) -> pl.DataFrame:
    """Row id and reason of each row that fails a critical rule."""
    critical = [r.rule for r in judgement.verdict.results if r.severity == "critical" and not r.passed]
    failing = judgement.failing.filter(pl.col("rule").is_in(critical) & pl.col(ROW_ID).is_not_null())
    texts = (pl.lit("gate ") + pl.col("rule")).unique().sort().str.join("; ").alias("why")
    return failing.group_by(ROW_ID).agg(texts)


def set_aside(marked: pl.LazyFrame, doubtful: pl.DataFrame) -> pl.LazyFrame:
    if doubtful.height == 0:
        return marked
    joined = marked.join(doubtful.lazy(), on=ROW_ID, how="left", maintain_order="left")
    free = pl.col(QUARANTINE).is_null() & pl.col(MERGED_INTO).is_null()
    mark = pl.when(free).then(pl.col("why")).otherwise(pl.col(QUARANTINE))
    return joined.with_columns(mark.alias(QUARANTINE)).drop("why")


def account(marked: pl.LazyFrame) -> Rows:
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


def reasons(marked: pl.LazyFrame) -> tuple[dict[str, int], list[dict[str, Any]]]:
    aside = marked.filter(pl.col(QUARANTINE).is_not_null())
    counts = aside.group_by(QUARANTINE).len("n").sort("n", descending=True).head(200).collect(engine="streaming")
    examples = aside.head(20).collect(engine="streaming").drop(MERGED_INTO)
    return {str(k): int(n) for k, n in counts.iter_rows()}, examples.to_dicts()
