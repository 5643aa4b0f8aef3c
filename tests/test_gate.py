"""The gate: verdicts, exact failing rows, errors as critical failures, suites that open in plain GX."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from oreflow.claims.patterns import portable
from oreflow.contract import Column, Contract, Feature, Rule
from oreflow.errors import ContractError
from oreflow.gate import judge
from oreflow.gate_gx import to_pandas, write_suites
from oreflow.run import RuleResult, Verdict
from oreflow.structure import check_structure

ORDERS = Contract(
    domain="sales",
    table="orders",
    columns=(
        Column(name="order_id", type="integer", required=True),
        Column(name="price", type="number"),
        Column(name="state"),
        Column(name="day", type="date", optional=True),
    ),
    key=("order_id",),
    rules=(
        Rule(id="price_range", kind="between", column="price", arguments={"min": 0, "max": 100}),
        Rule(id="states", kind="in_set", column="state", arguments={"values": ["open", "done"]}, severity="warning"),
        Rule(id="days", kind="between", column="day", arguments={"min": "2020-01-01"}, severity="info"),
    ),
)
GOOD = pl.DataFrame(
    {
        "_row_id": [10, 11, 12],
        "order_id": [1, 2, 3],
        "price": [1.0, 2.5, 99.0],
        "state": ["open", "done", "open"],
        "day": ["2026-01-01", None, "2026-02-01"],
    }
).with_columns(pl.col("day").str.to_date())


def result(verdict: Verdict, rule: str) -> RuleResult:
    return next(r for r in verdict.results if r.rule == rule)


@pytest.fixture(params=[0, 1000], ids=["engine", "great_expectations"])
def gx_rows(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_a_clean_table_passes(gx_rows: int) -> None:
    judged = judge(GOOD.lazy(), ORDERS, "silver", gx_rows=gx_rows)
    assert judged.verdict.passed
    assert judged.verdict.worst is None
    assert judged.failing.is_empty()
    assert judged.verdict.score["score"] == 1.0


def test_every_failing_row_is_known_by_its_id_rule_and_value(gx_rows: int) -> None:
    bad = GOOD.with_columns(price=pl.Series([1.0, -2.5, 990.0]), order_id=pl.Series([1, 1, None]))
    judged = judge(bad.lazy(), ORDERS, "silver", gx_rows=gx_rows)
    assert not judged.verdict.passed
    assert sorted(judged.failing.rows()) == [
        (10, "key", "order_id", "1"),
        (11, "key", "order_id", "1"),
        (11, "price_range", "price", "-2.5"),
        (12, "filled:order_id", "order_id", None),
        (12, "price_range", "price", "990"),
    ]
    assert result(judged.verdict, "price_range").examples == ((11, "-2.5"), (12, "990"))


def test_a_broken_warning_does_not_fail_the_gate(gx_rows: int) -> None:
    odd = GOOD.with_columns(state=pl.lit("lost"))
    verdict = judge(odd.lazy(), ORDERS, "silver", gx_rows=gx_rows).verdict
    assert (verdict.passed, verdict.worst) == (True, "warning")
    assert result(verdict, "states").failing == 3


def test_a_rule_that_cannot_be_judged_is_a_critical_failure_and_spoils_no_other(gx_rows: int) -> None:
    rules = (
        Rule(id="gone", kind="not_null", column="statte", severity="info"),
        Rule(id="typed", kind="length_between", column="price", arguments={"max": 3}, severity="info"),
        Rule(id="broken", kind="sql", arguments={"condition": "price + state > 1"}, severity="info"),
        Rule(id="no_such", kind="betwen", column="price", severity="info"),
        Rule(id="fine", kind="not_null", column="price"),
    )
    verdict = judge(GOOD.lazy(), ORDERS.model_copy(update={"rules": rules}), "silver", gx_rows=gx_rows).verdict
    for rule in ("gone", "typed", "broken", "no_such"):
        assert (result(verdict, rule).severity, result(verdict, rule).passed) == ("critical", False)
    assert 'did you mean "state"?' in str(result(verdict, "gone").error)
    assert "stored as number" in str(result(verdict, "typed").error)
    assert 'did you mean "between"?' in str(result(verdict, "no_such").error)
    assert result(verdict, "fine").passed
    assert not verdict.passed


def test_freshness_without_the_time_is_an_error_and_with_it_a_verdict(gx_rows: int) -> None:
    fresh = Rule(id="fresh", kind="freshness", column="day", arguments={"max_age_days": 7})
    contract = ORDERS.model_copy(update={"rules": (fresh,)})
    without = judge(GOOD.lazy(), contract, "silver", gx_rows=gx_rows).verdict
    assert "now" in str(result(without, "fresh").error)
    for now, failing in ((datetime(2026, 2, 5), 0), (datetime(2026, 3, 1), 2), (datetime(2026, 1, 15), 1)):
        verdict = judge(GOOD.lazy(), contract, "silver", gx_rows=gx_rows, now=now).verdict
        assert (result(verdict, "fresh").failing, verdict.passed) == (failing, failing == 0)


def test_a_table_of_no_rows_passes_with_a_warning_unless_the_contract_wants_rows(gx_rows: int) -> None:
    verdict = judge(GOOD.clear().lazy(), ORDERS, "silver", gx_rows=gx_rows).verdict
    assert (verdict.passed, verdict.worst) == (True, "warning")
    wants = Rule(id="enough", kind="row_count", arguments={"min": 1})
    contract = ORDERS.model_copy(update={"rules": (wants,)})
    assert not judge(GOOD.clear().lazy(), contract, "silver", gx_rows=gx_rows).verdict.passed


def test_columns_of_nothing_and_a_contract_of_nothing_are_judged(gx_rows: int) -> None:
    columns = tuple(Column(name=n, type=t, optional=True) for n, t in (("a", "number"), ("b", "date"), ("c", "string")))  # type: ignore[arg-type]
    rules = (
        Rule(id="r", kind="between", column="a", arguments={"min": 0}),
        Rule(id="s", kind="in_set", column="c", arguments={"values": ["x"]}),
        Rule(id="o", kind="pair_order", arguments={"low": "a", "high": "b"}),
    )
    contract = Contract(domain="d", table="t", columns=columns, rules=rules)
    for dtypes in ({"a": pl.Null, "b": pl.Null, "c": pl.Null}, {"a": pl.Float64, "b": pl.Null, "c": pl.String}):
        table = pl.DataFrame({n: [None, None] for n in "abc"}, schema=dtypes)
        verdict = judge(table, contract, "silver", gx_rows=gx_rows).verdict
        assert verdict.passed, [r for r in verdict.results if not r.passed]
    assert judge(pl.DataFrame({"x": [1]}), Contract(domain="d", table="t"), "silver", gx_rows=gx_rows).verdict.passed


def test_three_hundred_columns_with_any_names_are_judged_alike() -> None:
    names = [f"größe {i} \"q'%" for i in range(300)]
    columns = tuple(Column(name=n, type="number", required=True) for n in names)
    table = pl.DataFrame({n: [1.0, None if i == 7 else 2.0] for i, n in enumerate(names)})
    verdict = judge(table, Contract(domain="d", table="t", columns=columns), "silver", gx_rows=10).verdict
    assert verdict.judge == "great_expectations"
    assert [r.rule for r in verdict.results if not r.passed] == [f"filled:{names[7]}"]


def test_columns_that_differ_only_by_case_are_left_to_the_engine() -> None:
    columns = (Column(name="a", type="integer", required=True), Column(name="A", type="integer"))
    table = pl.DataFrame({"a": [1], "A": [None]}, schema={"a": pl.Int64, "A": pl.Int64})
    verdict = judge(table, Contract(domain="d", table="t", columns=columns), "silver", gx_rows=10).verdict
    assert verdict.judge == "engine"
    assert result(verdict, "filled:a").passed


def test_two_rules_of_one_name_are_both_judged() -> None:
    twins = tuple(
        Rule(id="range", kind="between", column="price", arguments={"max": m}, severity="warning") for m in (50, 98)
    )
    verdict = judge(GOOD.lazy(), ORDERS.model_copy(update={"rules": twins}), "silver", gx_rows=0).verdict
    assert [(r.rule, r.failing) for r in verdict.results if r.kind == "between"] == [("range", 1), ("range#2", 1)]


def test_a_contracts_rule_replaces_the_standard_one_of_its_name() -> None:
    looser = Rule(id="dq_score", kind="dq_score", arguments={"min": 0.5}, severity="warning")
    holes = GOOD.with_columns(price=pl.lit(None, dtype=pl.Float64), state=pl.lit(None, dtype=pl.String))
    assert not judge(holes.lazy(), ORDERS, "silver", gx_rows=0).verdict.passed
    assert judge(holes.lazy(), ORDERS.model_copy(update={"rules": (looser,)}), "silver", gx_rows=0).verdict.passed


def test_gold_and_bronze_have_their_own_claims(gx_rows: int) -> None:
    contract = ORDERS.model_copy(update={"features": (Feature(name="half", expression="price / 2"),)})
    gold = judge(GOOD.lazy().with_columns(half=pl.lit(None)), contract, "gold", gx_rows=gx_rows).verdict
    assert [(r.rule, r.severity) for r in gold.results if not r.passed] == [("feature:half", "warning")]
    twice = pl.concat([GOOD, GOOD.head(1)])
    assert not judge(twice.lazy(), contract, "bronze", gx_rows=gx_rows).verdict.passed


def test_nan_is_an_empty_cell_and_long_whole_numbers_stay_exact(gx_rows: int) -> None:
    big = 2**53
    rules = (
        Rule(id="once", kind="unique", column="n"),
        Rule(id="known", kind="in_set", column="n", arguments={"values": [big, big + 1]}),
        Rule(id="full", kind="not_null", column="x"),
    )
    contract = Contract(domain="d", table="t", columns=(Column(name="n", type="integer", optional=True),), rules=rules)
    table = pl.DataFrame({"n": [big, big + 1, None], "x": [float("nan"), 1.0, 2.0]})
    verdict = judge(table, contract, "silver", gx_rows=gx_rows).verdict
    assert [r.rule for r in verdict.results if not r.passed] == ["full"]


def test_the_query_of_each_rule_lists_its_failing_rows() -> None:
    bad = GOOD.with_columns(price=pl.Series([1.0, -2.5, 990.0]), order_id=pl.Series([1, 1, 3]))
    verdict = judge(bad.lazy(), ORDERS, "silver", gx_rows=0).verdict
    base = duckdb.connect()
    base.register("t", bad.to_arrow())
    listed = {r.rule: sorted(row[0] for row in base.sql(str(r.sql)).fetchall()) for r in verdict.results}
    assert {k: v for k, v in listed.items() if v} == {"key": [10, 11], "price_range": [11, 12], "dq_score": [11]}


def test_the_suites_open_in_a_plain_file_context_and_give_the_same_verdict(tmp_path: Path) -> None:
    import great_expectations as gx

    import oreflow.gate_expectations  # noqa: F401

    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    write_suites(ORDERS, tmp_path / "gx" / "expectations")
    bad = GOOD.with_columns(price=pl.Series([1.0, -2.5, 990.0]), state=pl.lit("lost"))
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b")
    suite = context.suites.get("sales_orders_silver")
    assert len(suite.expectations) == len(judge(GOOD.lazy(), ORDERS, "silver", gx_rows=0).verdict.results)
    for table in (GOOD, bad):
        verdict = judge(table.lazy(), ORDERS, "silver", gx_rows=0).verdict
        said = batch.get_batch({"dataframe": to_pandas(table)}).validate(suite)
        outcome: dict[str, Any] = {r.expectation_config.meta["rule"]: r for r in said.results}
        assert {k: bool(r.success) for k, r in outcome.items()} == {r.rule: r.passed for r in verdict.results}
        worst = said.get_max_severity_failure()
        assert (worst.value if worst else None) == verdict.worst


def test_structure_names_the_missing_and_the_mistyped_column() -> None:
    assert check_structure(GOOD, ORDERS, "silver") == []
    odd = GOOD.drop("state").with_columns(price=pl.lit("1"))
    missing, mistyped = sorted(check_structure(odd.lazy(), ORDERS, "silver"), key=lambda w: "missing" not in w)
    assert 'Column "state" is missing' in missing
    assert 'Column "price" is stored as String, not as number' in mistyped
    assert check_structure(odd, ORDERS, "bronze") == []


@pytest.mark.parametrize(
    "pattern", [r"(?=a)b", r"a\b", r"(a)\1", r"[[:alpha:]]", r"a++", r"a{,3}", r"\p{L}", r"(?i)a", "["]
)
def test_a_pattern_that_engines_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(ContractError, match="pattern"):
        portable(pattern)


def test_a_condition_that_the_two_judges_read_differently_is_an_error_and_so_a_critical_failure() -> None:
    # Half of an odd number rounds to the even one in Polars and away from zero in DuckDB.
    rounded = Rule(id="rounded", kind="sql", arguments={"condition": "round(price) < 3"}, severity="info")
    halves = GOOD.with_columns(price=pl.Series([1.0, 2.5, 2.0]))
    contract = ORDERS.model_copy(update={"rules": (rounded,)})
    assert judge(halves.lazy(), contract, "silver", gx_rows=0).verdict.passed
    verdict = judge(halves.lazy(), contract, "silver", gx_rows=10).verdict
    assert "the judges differ" in str(result(verdict, "rounded").error)
    assert not verdict.passed
