"""Great Expectations as the judge: a contract's rules compiled to a suite, run on a pandas frame or written as files.

Great Expectations is imported inside the functions: it takes two seconds that most commands need not pay.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import polars as pl

from oreflow.claims import Claim, Families, bind
from oreflow.claims.tables import DqScore, Freshness
from oreflow.contract import Contract, Rule
from oreflow.gate_rules import LAYERS, rules_for
from oreflow.measures.fits import FAMILY_OF

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53  # the largest whole number up to which a float64 holds every one
Opinion = tuple[bool | None, int | None, str | None, float]


def opinions(frame: pl.DataFrame, asked: Mapping[str, tuple[Rule, Claim]], families: Families) -> dict[str, Opinion]:
    """Rule id → (passed, failing rows where it counts them, why it could not judge, seconds)."""
    import great_expectations as gx

    if not asked:
        return {}
    started = perf_counter()
    suite = gx.ExpectationSuite("asked", expectations=[expectation(r, c, families) for r, c in asked.values()])
    result = _frames().get_batch({"dataframe": to_pandas(frame)}).validate(suite, result_format="BASIC")
    seconds = (perf_counter() - started) / len(asked)
    return {r.expectation_config.meta["rule"]: (*_read(r), seconds) for r in result.results}


@cache
def _frames() -> Any:
    """One ephemeral context for the whole process: what a batch is made of is given each time."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def expectation(rule: Rule, claim: Claim, families: Families) -> Any:
    """The rule as an expectation with its severity: Great Expectations' own where one means the same."""
    from great_expectations.expectations.registry import get_expectation_impl

    import oreflow.gate_expectations  # noqa: F401  (registers the two that it lacks)

    name, arguments = _named(claim, families)
    meta = {"rule": rule.id, "kind": rule.kind}
    given = {"severity": rule.severity, "meta": meta, "description": rule.description or None}
    return get_expectation_impl(name)(**arguments, **given)


def _named(claim: Claim, families: Families) -> tuple[str, dict[str, Any]]:
    if isinstance(claim, DqScore):
        columns = [{"name": c.name, "type": c.type, "optional": c.optional} for c in claim.columns]
        accepted = {name: list(values) for name, values in claim.accepted.items()}
        scored = {"min_value": claim.min, "columns": columns, "key": list(claim.key), "accepted": accepted}
        return "expect_table_dq_score_to_be_at_least", scored
    tolerance = {"mostly": claim.mostly} if claim.mostly < 1.0 else {}
    own = claim.expectation(families)
    if own is not None:
        return own[0], own[1] | tolerance
    query = {"query": claim.sql(families), "checked": claim.checked_sql(families), "reads": list(claim.reads())}
    return "expect_query_to_find_no_rows", query | tolerance


def _read(result: Any) -> tuple[bool | None, int | None, str | None]:
    problems = _exceptions(result.exception_info)
    if problems:
        return None, None, f"Great Expectations: {problems[0]}"
    return bool(result.success), result.result.get("unexpected_count"), None


def _exceptions(info: Any) -> list[str]:
    """The messages in an `exception_info`, which is one record or one record per metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    return [str(r["exception_message"]).splitlines()[0] for r in records if r["raised_exception"]]


def to_pandas(frame: pl.DataFrame) -> "pd.DataFrame":
    """The frame with pandas dtypes that lose nothing: whole numbers beyond 2**53 with gaps stay whole."""
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    plain = frame.to_pandas()
    for name, dtype in frame.schema.items():
        column = frame.get_column(name)
        if not column.null_count():
            continue
        if dtype == pl.Boolean:
            plain[name] = plain[name].astype("boolean")
        elif dtype.is_integer() and not column.drop_nulls().is_between(-_EXACT, _EXACT, closed="none").all():
            import pandas as pd

            plain[name] = pd.array(column.to_list(), dtype="Int64")
    return plain


def write_suites(contract: Contract, folder: Path | str, *, now: datetime | None = None) -> list[Path]:
    """Write one suite per layer into a Great Expectations project's `expectations` folder and say which files.

    A suite takes the columns to be stored as the contract types them. Freshness needs `now`; without it, such rules
    are named under `left_out` in the suite's meta.
    """
    import great_expectations as gx

    written = []
    families = {c.name: FAMILY_OF[c.type] for c in contract.columns} | {"_row_id": "number"}
    families |= {f.name: "number" for f in contract.features}
    # Fields that gold adds are in no contract: a claim about them tells whether it is made for words or for numbers.
    words = {"in_set", "not_in_set", "matches", "length_between"}
    fields = {r.column: r.kind in words for layer in LAYERS for r in rules_for(contract, layer) if r.column}
    families = {name: ("text" if worded else "number") for name, worded in fields.items()} | families
    for layer in LAYERS:
        bound = [(rule, bind(rule, contract, now=now)) for rule in rules_for(contract, layer)]
        late = [rule.id for rule, claim in bound if isinstance(claim, Freshness) and claim.now is None]
        kept = [expectation(rule, claim, families) for rule, claim in bound if rule.id not in late]
        meta = {"import_first": "oreflow.gate_expectations", "contract_version": contract.version, "left_out": late}
        suite = gx.ExpectationSuite(f"{contract.domain}_{contract.table}_{layer}", expectations=kept, meta=meta)
        path = Path(folder) / f"{suite.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(suite.to_json_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
