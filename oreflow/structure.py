"""Structure: are a layer's columns there, and stored as the contract types them? A Pandera schema at stage boundaries.

Only the schema of a lazy frame is looked at, never its cells: Pandera does not look at those of a LazyFrame, and the
gate does. So this costs nothing at any size, and it comes first.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import polars as pl

from oreflow.contract import Contract, LogicalType
from oreflow.run import RuleResult, Verdict
from oreflow.tables import ROW_ID

EMPTY_AS: dict[LogicalType, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
}
_STORED_AS: dict[LogicalType, Callable[[pl.DataType], bool]] = {
    "string": lambda d: d in (pl.String, pl.Categorical, pl.Enum),
    "integer": lambda d: d.is_integer(),
    "number": lambda d: d.is_numeric(),
    "boolean": lambda d: d == pl.Boolean,
    "date": lambda d: d in (pl.Date, pl.Datetime),
    "timestamp": lambda d: d == pl.Datetime,
}


def structure(contract: Contract, layer: str) -> Any:
    """A `pandera.polars.DataFrameSchema`: bronze has row ids, silver the contract's columns, gold the features too.

    More columns than these are allowed; a whole column of nothing (`Null`) is stored as any type.
    """
    from pandera.polars import Column, DataFrameSchema

    columns: dict[str, Any] = {ROW_ID: Column(_dtype("integer"), nullable=False)}
    if layer != "bronze":
        columns |= {c.name: Column(_dtype(c.type), nullable=True) for c in contract.columns}
    if layer == "gold":
        columns |= {f.name: Column(nullable=True) for f in contract.features}
    return DataFrameSchema(columns, strict=False, name=f"{contract.domain}/{contract.table} {layer}")


def check_structure(frame: pl.LazyFrame | pl.DataFrame, contract: Contract, layer: str) -> list[str]:
    """What is wrong with the frame's columns, in words; empty where nothing is."""
    from pandera.errors import SchemaErrors

    try:
        structure(contract, layer).validate(frame.lazy(), lazy=True)
    except SchemaErrors as errors:
        return [_words(error, frame.lazy().collect_schema(), contract) for error in errors.schema_errors]
    return []


def with_structure(verdict: Verdict, frame: pl.LazyFrame, contract: Contract, layer: str) -> Verdict:
    """The verdict with one more critical rule: the table has the columns and types that the contract names."""
    wrong = check_structure(frame, contract, layer)
    rule = RuleResult(
        rule="structure", kind="structure", severity="critical", passed=not wrong, failing=len(wrong),
        checked=len(contract.columns), observed=" ".join(wrong) or None,
        description="The table has the columns of its contract, stored as their types.",
    )  # fmt: skip
    return verdict.model_copy(update={"results": (*verdict.results, rule)})


def _words(error: Any, schema: pl.Schema, contract: Contract) -> str:
    name = getattr(error.schema, "name", None) if error.reason_code.name != "COLUMN_NOT_IN_DATAFRAME" else None
    missing = error.failure_cases if isinstance(error.failure_cases, str) else None
    if name is None or name not in schema:
        return f'Column "{missing or name}" is missing; keep it, or take it out of the contract.'
    wanted = "integer" if name == ROW_ID else contract.column(name).type
    return f'Column "{name}" is stored as {schema[name]}, not as {wanted}; convert it, or change the contract.'


@cache
def _dtype(wanted: LogicalType) -> Any:
    """A Pandera dtype that accepts every Polars dtype in which the contract's type may be stored."""
    from pandera.engines import polars_engine

    class Stored(polars_engine.String):  # type: ignore[misc]
        """One of the dtypes that hold `wanted`."""

        def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
            stored = getattr(pandera_dtype, "type", pandera_dtype)
            return bool(stored == pl.Null or _STORED_AS[wanted](stored))

        def __str__(self) -> str:
            return wanted

    return Stored()
