"""Expectations that Great Expectations lacks: a query that must find no rows of a pandas frame, and the DQ score.

Importing this module is what registers them: a suite written by Oreflow opens in plain Great Expectations after
`import oreflow.gate_expectations`. The query is answered by DuckDB, so that even here two engines judge each rule.
"""

from typing import Any, ClassVar, cast

import duckdb
import pandas as pd
import polars as pl
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from oreflow.contract import Column
from oreflow.measures.dq import dq_score
from oreflow.tables import ROW_ID


class QueryCounts(TableMetricProvider):  # type: ignore[misc]
    """Metric: how many rows the query over the columns that it `reads` finds, and how many it looked at."""

    metric_name = "table.oreflow_query_counts"
    value_keys = ("query", "checked", "reads")

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[int, int]:
        frame = _frame(execution_engine, metric_domain_kwargs)
        # DuckDB looks at every column of a frame it is given: only those that the query reads are.
        frame = frame[[c for c in frame.columns if c in {ROW_ID, *metric_value_kwargs["reads"]}]]
        with duckdb.connect(config={"enable_external_access": False}) as base:
            base.register("t", frame)
            found = base.sql(f"SELECT count(*) FROM ({metric_value_kwargs['query']})").fetchall()[0][0]
            counting = f"SELECT count(*) FROM t WHERE {metric_value_kwargs['checked']}"
            checked = base.sql(counting).fetchall()[0][0] if found else len(frame)
        return int(found), int(checked)


class DqScoreOfTable(TableMetricProvider):  # type: ignore[misc]
    """Metric: the DQ score with its parts."""

    metric_name = "table.oreflow_dq_score"
    value_keys = ("columns", "key", "accepted")

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, float]:
        frame = pl.from_pandas(_frame(execution_engine, metric_domain_kwargs))
        columns = [Column.model_validate(c) for c in metric_value_kwargs["columns"]]
        accepted = metric_value_kwargs["accepted"] or {}
        return dq_score(frame, columns, key=metric_value_kwargs["key"] or (), accepted=accepted)


class ExpectQueryToFindNoRows(BatchExpectation):  # type: ignore[misc]
    """Expect that a DuckDB query over the table `t` lists no rows, or at most 1 − `mostly` of those it looked at."""

    query: str
    reads: list[str]
    checked: str = "TRUE"
    mostly: float = 1.0

    metric_dependencies: ClassVar[tuple[str, ...]] = (QueryCounts.metric_name,)
    success_keys: ClassVar[tuple[str, ...]] = ("query", "checked", "reads", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("query", "checked", "reads", "mostly")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        found, checked = metrics[QueryCounts.metric_name]
        success = found == 0 or (checked > 0 and (checked - found) / checked >= self.mostly)
        return {"success": success, "result": {"observed_value": found, "unexpected_count": found}}


class ExpectTableDqScoreToBeAtLeast(BatchExpectation):  # type: ignore[misc]
    """Expect the DQ score, 0.40 completeness + 0.35 consistency + 0.25 uniqueness, to be at least `min_value`."""

    min_value: float = 0.95
    columns: list[dict[str, Any]]
    key: list[str] = []  # noqa: RUF012
    accepted: dict[str, list[str]] = {}  # noqa: RUF012

    metric_dependencies: ClassVar[tuple[str, ...]] = (DqScoreOfTable.metric_name,)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value", "columns", "key", "accepted")
    args_keys: ClassVar[tuple[str, ...]] = ("min_value", "columns", "key", "accepted")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        score = metrics[DqScoreOfTable.metric_name]
        return {"success": score["score"] >= self.min_value, "result": {"observed_value": score}}


def _frame(execution_engine: Any, domain: dict[str, Any]) -> pd.DataFrame:
    frame, _, _ = execution_engine.get_compute_domain(domain_kwargs=domain, domain_type=MetricDomainTypes.TABLE)
    return cast("pd.DataFrame", frame)
