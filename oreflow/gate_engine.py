"""The engine's judgement: every rule over a lazy Polars table, in one streamed pass, with exact counts.

A second look is taken only where the first shows a failure: at the groups of a repeated key, and at the failing rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import polars as pl

from oreflow.claims import Claim, Families
from oreflow.claims.base import RowClaim, Tally
from oreflow.contract import Rule
from oreflow.errors import OreflowError, unknown
from oreflow.measures.fits import family
from oreflow.tables import ROW_ID, as_text

FAILING = {ROW_ID: pl.Int64(), "rule": pl.String(), "column": pl.String(), "value": pl.String()}
EXAMPLES = 20


@dataclass(frozen=True)
class Judged:
    """One rule with its claim and what the engine found, or why it could not look."""

    rule: Rule
    claim: Claim | None = None
    tally: Tally | None = None
    error: str | None = None
    seconds: float = 0.0
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """A rule that could not be judged is broken."""
        return self.error is None and self.tally is not None and self.tally.passed

    def confronted(self, passed: bool | None, failing: int | None, error: str | None, seconds: float) -> "Judged":
        """This rule after the other judge has spoken: any difference between the two is an error."""
        said = error
        if said is None and (passed != self.passed or failing not in (None, self.tally.failing if self.tally else 0)):
            said = f"the judges differ: Great Expectations passed={passed} failing={failing}, the engine {self.tally}"
        return replace(self, error=said, seconds=self.seconds + seconds)


def normal(table: pl.LazyFrame) -> pl.LazyFrame:
    """The table with one dtype per family, so that every judge sees the same cells; NaN is an empty cell."""
    schema = table.collect_schema()
    frame = table if ROW_ID in schema else table.with_row_index(ROW_ID).with_columns(pl.col(ROW_ID).cast(pl.Int64))
    return frame.with_columns(_plain(name, dtype) for name, dtype in schema.items() if name != ROW_ID)


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    cell = pl.col(name)
    if dtype.is_float() or dtype.is_decimal():
        return cell.cast(pl.Float64).fill_nan(None)
    if dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        return cell.cast(pl.Int64)
    if dtype in (pl.Categorical, pl.Enum):
        return cell.cast(pl.String)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if dtype in (pl.Date, pl.Datetime):
        return cell.cast(pl.Datetime("us"))
    return cell


def families_of(frame: pl.LazyFrame) -> Families:
    """Column → what kind of cells it holds."""
    return {name: family(dtype) for name, dtype in frame.collect_schema().items()}


def applicable(rule: Rule, claim: Claim, families: Families) -> Judged:
    """The rule ready to be judged, or the reason why this table can't be."""
    lacking = [c for c in claim.reads() if c not in families]
    if lacking:
        return Judged(rule, claim, error=unknown("column", lacking[0], [f for f in families if f != ROW_ID]))
    try:
        claim.check(families)
    except OreflowError as error:
        return Judged(rule, claim, error=str(error))
    return Judged(rule, claim)


def judge_all(frame: pl.LazyFrame, asked: Sequence[Judged], families: Families) -> list[Judged]:
    """Every rule's tally; `frame` is already `normal`."""
    started = perf_counter()
    ready = [j for j in asked if j.error is None]
    found = _one_pass(frame, ready, families)
    share = (perf_counter() - started) / max(1, len(ready))  # one pass serves all: each rule is told its even share
    counted = iter(found)
    return [j if j.error is not None else _tallied(frame, j, next(counted), families, share) for j in asked]


def _one_pass(frame: pl.LazyFrame, ready: Sequence[Judged], families: Families) -> list[dict[str, Any] | str]:
    """The measures of each rule; where the pass fails, rule by rule, so that one bad rule spoils only itself."""
    measures = [_measures(j, families) for j in ready]
    named = {f"{at}:{name}": e for at, each in enumerate(measures) for name, e in each.items()}
    if not named:
        return []
    try:
        row = frame.select(**named).collect(engine="streaming").row(0, named=True)
    except pl.exceptions.PolarsError as error:
        if len(ready) == 1:
            return [f"{type(error).__name__}: {error}".splitlines()[0]]
        return [_one_pass(frame, [j], families)[0] for j in ready]
    return [{name: row[f"{at}:{name}"] for name in each} for at, each in enumerate(measures)]


def _measures(judged: Judged, families: Families) -> dict[str, pl.Expr]:
    return judged.claim.measures(families) if judged.claim else {}


def _tallied(
    frame: pl.LazyFrame, judged: Judged, found: dict[str, Any] | str, families: Families, seconds: float
) -> Judged:
    if isinstance(found, str) or judged.claim is None:
        return Judged(judged.rule, judged.claim, error=str(found), seconds=seconds)
    started = perf_counter()
    tally = judged.claim.tally(found, frame, families)
    return Judged(judged.rule, judged.claim, tally, seconds=seconds + perf_counter() - started, found=found)


def failing_rows(frame: pl.LazyFrame, judged: Sequence[Judged], families: Families) -> pl.DataFrame:
    """Every row that breaks a failed rule, as `_row_id`, `rule`, `column`, `value`, in the rules' order."""
    failed = [j for j in judged if j.tally is not None and not j.passed]
    alone = [j for j in failed if isinstance(j.claim, RowClaim)]
    together = _broken_rows(frame, alone, families)
    parts = []
    for j in failed:
        rows = together.filter(pl.col(_flag(alone.index(j)))) if j in alone else _rows(frame, j, families)
        parts.append(_listed(j, rows))
    return pl.concat([pl.DataFrame(schema=FAILING), *parts])


def examples(
    frame: pl.LazyFrame, judged: Judged, families: Families, failing: pl.DataFrame
) -> tuple[tuple[int, Any], ...]:
    """The first failing rows of one rule, also where enough others hold for it to pass."""
    if judged.tally is None or judged.tally.failing == 0:
        return ()
    if not judged.passed:
        listed = failing.lazy().filter(pl.col("rule") == judged.rule.id).head(EXAMPLES).collect()
    else:
        rows = judged.claim.rows(frame, families) if judged.claim else None
        listed = (
            _listed(judged, rows.head(EXAMPLES).collect(engine="streaming")) if rows is not None else failing.clear()
        )
    return tuple(zip(listed.get_column(ROW_ID).to_list(), listed.get_column("value").to_list(), strict=True))


def _broken_rows(frame: pl.LazyFrame, failed: Sequence[Judged], families: Families) -> pl.DataFrame:
    """The rows that break any of the row rules, each with one flag per rule: one pass for all of them."""
    claims = [j.claim for j in failed if isinstance(j.claim, RowClaim)]
    if not claims:
        return pl.DataFrame()
    wanted = dict.fromkeys((ROW_ID, *(c for claim in claims for c in claim.reads())))
    flags = {_flag(at): claim.broken(families) for at, claim in enumerate(claims)}
    flagged = frame.with_columns(**flags).filter(pl.any_horizontal(*flags))
    return flagged.select(*wanted, *flags).collect(engine="streaming")


def _flag(at: int) -> str:
    return f"_breaks_{at}"


def _rows(frame: pl.LazyFrame, judged: Judged, families: Families) -> pl.DataFrame:
    rows = judged.claim.rows(frame, families) if judged.claim else None
    if rows is None or judged.claim is None:
        return pl.DataFrame()
    wanted = list(dict.fromkeys((ROW_ID, *judged.claim.reads())))
    return rows.select(wanted).collect(engine="streaming").sort(ROW_ID)


def _listed(judged: Judged, rows: pl.DataFrame) -> pl.DataFrame:
    reads = judged.claim.reads() if judged.claim else ()
    if not rows.height:
        return pl.DataFrame(schema=FAILING)
    cells = [as_text(rows.get_column(c)).alias(str(at)) for at, c in enumerate(reads)]
    texts = pl.DataFrame(cells) if cells else pl.DataFrame({"0": [None] * rows.height}, schema={"0": pl.String})
    value = texts.select(pl.concat_str(pl.all().fill_null("∅"), separator=" | ")) if len(cells) > 1 else texts
    return pl.DataFrame(
        {
            ROW_ID: rows.get_column(ROW_ID),
            "rule": pl.repeat(judged.rule.id, rows.height, dtype=pl.String, eager=True),
            "column": pl.repeat(", ".join(reads), rows.height, dtype=pl.String, eager=True),
            "value": value.to_series(),
        },
        schema=FAILING,
    )
