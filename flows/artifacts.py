"""Artifacts: what a run's page shows beside its logs: progress, the gates, the score, and where the report is."""

import re
from pathlib import Path
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from oreflow.run import RunRecord

STAGES = {"bronze": 5.0, "silver": 25.0, "gold": 70.0, "report": 90.0, "done": 100.0}


def artifact_key(what: str, domain: str, table: str) -> str:
    """`what-domain-table` in the characters that Prefect allows in a key: a–z, 0–9 and dashes."""
    return re.sub("[^a-z0-9]+", "-", f"{what}-{domain}-{table}".lower()).strip("-")


class Progress:
    """How far the run has come, as a bar on its page."""

    def __init__(self) -> None:
        self._artifact: UUID = create_progress_artifact(0.0, key="refine-progress", description="starting")

    def at(self, stage: str) -> None:
        """The run has come to this stage."""
        update_progress_artifact(self._artifact, STAGES[stage], description=stage)


def show_run(record: RunRecord) -> None:
    """Leave the gate table, the scores and the link to the report on the run's page."""

    def key(what: str) -> str:
        return artifact_key(what, record.domain, record.table)

    table = f"{record.domain}/{record.table}"
    create_table_artifact(gate_table(record), key=key("gate"), description=f"The gates of {table}")
    create_markdown_artifact(score_table(record), key=key("score"), description=f"The score of {table}")
    if record.report:
        link = Path(record.report).resolve().as_uri()
        create_link_artifact(link, link_text=record.report, key=key("report"), description=f"The report on {table}")


def gate_table(record: RunRecord) -> list[dict[str, str | int]]:
    """One line per rule, the failed ones first."""
    results = [(gate.layer, rule) for gate in record.gates for rule in gate.results]
    return [
        {
            "layer": layer,
            "rule": rule.rule,
            "severity": rule.severity,
            "verdict": "passed" if rule.passed else "failed",
            "failing rows": rule.failing,
            "checked rows": rule.checked,
            "claim": rule.error or rule.description,
        }
        for layer, rule in sorted(results, key=lambda pair: pair[1].passed)
    ]


def score_table(record: RunRecord) -> str:
    """The score before and after each layer, and what became of the rows, as Markdown."""
    lines = ["| layer | score before | score after |", "| --- | ---: | ---: |"]
    lines += [
        f"| {layer} | {_share(s.get('before'))} | {_share(s.get('after'))} |" for layer, s in record.score.items()
    ]
    rows = record.rows
    said = f"{rows.in_:,} rows in: {rows.out:,} out, {rows.quarantined:,} quarantined, {rows.merged:,} merged."
    return "\n".join([*lines, "", said, *([record.message] if record.message else [])])


def _share(score: float | None) -> str:
    return "–" if score is None else f"{score:.4f}"
