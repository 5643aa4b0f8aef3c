"""The public record: what `oreflow refine --json` prints of a run."""

import json
from typing import Any

from oreflow.run import RunRecord


def public_record(record: RunRecord) -> dict[str, Any]:
    """The one object that `oreflow refine --json` prints."""
    body: dict[str, Any] = json.loads(record.model_dump_json())
    rows = body["rows"]
    silver_score = body["score"].get("silver", {})
    return {
        "run": record.run, "status": record.status, "message": record.message,
        "domain": record.domain, "table": record.table,
        "rows": {"in": rows["in_"], "out": rows["out"], "quarantined": rows["quarantined"], "merged": rows["merged"]},
        "score": {"before": silver_score.get("before"), "after": silver_score.get("after"), "layers": body["score"]},
        "gates": [
            {"layer": g.layer, "passed": g.passed, "worst": g.worst, "judge": g.judge, "score": g.score,
             "failed": [r.model_dump(mode="json") for r in g.results if not r.passed], "rules": len(g.results)}
            for g in record.gates
        ],
        "tables": {name: body["tables"].get(name) for name in ("bronze", "silver", "gold", "quarantine")},
        "versions": {name: ref["version"] for name, ref in body["versions"].items()},
        "changed": [
            {"operation": s.operation, "sentence": s.sentence, "reason": s.reason, "cells": s.changed_cells,
             "quarantined": s.quarantined_rows, "merged": s.merged_rows} for s in record.steps
        ],
        "quarantine": record.quarantine, "fields_added": record.fields_added, "answers": body["answers"],
        "episodes": record.episodes, "seconds": record.seconds, "report": record.report,
    }  # fmt: skip
