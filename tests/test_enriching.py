"""Enrichment: sources, features and aggregates, at the workbench and on every engine."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pytest

from agents.scripted_parts import enrich
from oreflow.contract import Aggregate, Column, Contract, Feature
from oreflow.domain import Domain, Source, domains
from oreflow.enriching import EnrichBench
from oreflow.errors import ContractError, NotApplicable, OreflowError, UnknownName
from oreflow.operation import Finish, Operation, parse_operation
from oreflow.operations.enriching import AddAggregate, AddFeature, AddField
from oreflow.recipe import FittedRecipe, fit
from oreflow.rollout import rollout
from oreflow.sql_expressions import row_expression
from oreflow.tables import ROW_ID, data_columns, with_marks, with_row_ids

SOURCES = [(domain, source) for domain in domains().values() for source in domain.sources]
each_source = pytest.mark.parametrize(("domain", "source"), SOURCES, ids=[s.name for _, s in SOURCES])
each_domain = pytest.mark.parametrize("domain", domains().values(), ids=lambda d: d.name)
WRAP: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda table: nw.from_native(table),
    "polars-lazy": lambda table: nw.from_native(table.lazy()),
    "pandas": lambda table: nw.from_native(table.to_pandas(use_pyarrow_extension_array=True)),
    "duckdb": lambda table: nw.from_native(duckdb.from_arrow(table.to_arrow())),
}
engine = pytest.fixture(params=WRAP)(lambda request: request.param)


def holed(domain: Domain, *, rows: int = 1500) -> pl.DataFrame:
    """A generated table with a tenth of every column's cells emptied."""
    table, rng = domain.generate(np.random.default_rng(1), rows), np.random.default_rng(2)
    keep = {c: pl.Series(rng.random(rows) > 0.1) for c in table.columns}
    return with_row_ids(table.with_columns(pl.when(keep[c]).then(pl.col(c)).alias(c) for c in table.columns))


def on(engine: str, table: pl.DataFrame, expression: nw.Expr) -> pl.Series:
    frame = WRAP[engine](table).with_columns(expression.alias("_made"))
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    result = pl.from_arrow(eager.to_arrow())
    assert isinstance(result, pl.DataFrame)
    return result.sort(ROW_ID).get_column("_made")


def field(source: str, **columns: list[Any]) -> list[Any]:
    """The source's cells over a literal table."""
    table = with_row_ids(pl.DataFrame(columns, strict=False))
    recipe = fit([AddField(source=source, name="made")], table)
    return recipe.apply(nw.from_native(with_marks(table))).to_native()["made"].to_list()


@each_source
def test_a_source_gives_the_same_cells_on_every_engine(domain: Domain, source: Source) -> None:
    table = holed(domain)
    step = fit([AddField(source=source.name)], table).steps[0]
    polars, *others = (on(e, table, source.expression(step.learned)) for e in WRAP)
    for other in others:
        assert other.to_list() == polars.to_list()


@each_source
def test_a_source_is_null_exactly_where_an_input_is(domain: Domain, source: Source) -> None:
    table = holed(domain)
    made = fit([AddField(source=source.name)], table).apply(nw.from_native(with_marks(table))).to_native()
    empty = table.select(pl.any_horizontal(pl.col(c).is_null() for c in source.inputs)).to_series()
    assert (made[source.name].is_null() == empty).all()


@each_source
def test_no_source_is_constant_on_generated_data(domain: Domain, source: Source) -> None:
    table = with_row_ids(domain.generate(np.random.default_rng(3), 500))
    made = fit([AddField(source=source.name)], table).apply(nw.from_native(with_marks(table))).to_native()
    assert made[source.name].drop_nulls().n_unique() > 1


@each_source
def test_an_empty_table_and_an_all_null_table_can_be_enriched(domain: Domain, source: Source) -> None:
    table = with_row_ids(domain.generate(np.random.default_rng(3), 40))
    nulls = table.with_columns(pl.lit(None, dtype=table.schema[c]).alias(c) for c in data_columns(table.columns))
    for part in (table.head(0), table.head(1), nulls):
        made = fit([AddField(source=source.name)], part).apply(nw.from_native(with_marks(part))).to_native()
        assert made.height == part.height
    assert made[source.name].null_count() == nulls.height


@each_source
def test_scores_named_so_stay_within_zero_and_one(domain: Domain, source: Source) -> None:
    table = holed(domain)
    step = fit([AddField(source=source.name)], table).steps[0]
    made = on("polars", table, source.expression(step.learned)).drop_nulls()
    if source.name.endswith(("_score", "_risk", "_index", "_probability", "_model")):
        assert made.is_between(0, 1).all()


def test_an_unknown_income_is_in_no_band() -> None:
    assert field("salary_band", MonthlyIncome=[2999, 3000, 6000, 10000, None, float("nan")]) == [
        "Entry", "Mid", "Senior", "Executive", None, None,
    ]  # fmt: skip


def test_flight_risk_reaches_one_fifth_for_overtime_and_reads_flags_in_any_form() -> None:
    inputs: dict[str, list[Any]] = {"YearsAtCompany": [1, 1, 12], "JobSatisfaction": [5, 5, 1]}
    assert field("flight_risk_score", **inputs, OverTime=["Yes", "no", None]) == [0.52, 0.32, None]
    assert field("flight_risk_score", **inputs, OverTime=[True, False, True]) == [0.52, 0.32, 0.64]


def test_sla_compliance_is_read_off_the_dates() -> None:
    opened = [datetime(2024, 1, 1, 8)] * 4
    solved = [datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 12, 1), None, datetime(2023, 12, 31)]
    made = field("sla_compliance_flag", CreatedDate=opened, ResolvedDate=solved, SLATarget=[4, 4, 4, 4])
    assert made == ["Compliant", "Breached", None, None]
    assert field("mttr_band", CreatedDate=opened, ResolvedDate=solved) == ["Normal", "Normal", None, None]


def test_dates_without_a_time_of_day_serve_too() -> None:
    days = {"CreatedDate": [date(2024, 1, 1)] * 2, "ResolvedDate": [date(2024, 1, 1), date(2024, 1, 9)]}
    assert field("mttr_band", **days) == ["Fast", "Critical"]


def test_schedule_risk_rises_with_the_due_date_and_what_is_left() -> None:
    due = [date(2024, 5, 1), date(2024, 5, 1), date(2024, 5, 31), date(2026, 1, 1), date(2024, 4, 1)]
    made = field("schedule_risk_score", DueDate=due, CompletionPct=[100, 50, 50, 50, 0])
    assert made == [0.0, 0.5, 0.25, 0.05, 1.0]


def test_delay_probability_is_bounded() -> None:
    made = field(
        "delay_probability", DueDate=[date(2024, 5, 1)] * 4, CompletionPct=[100, 5, 0, 50],
        ActualHours=[10.0, 40.0, 0.0, 5.0], EstimatedHours=[10.0, 10.0, 10.0, 10.0],
    )  # fmt: skip
    assert made == [0.0, 1.0, 1.0, 0.5]


def test_nothing_planned_gives_no_utilization() -> None:
    assert field("resource_utilization", ActualHours=[5.0, 5.0], EstimatedHours=[0.0, 4.0]) == [None, 1.25]


def test_a_lost_deal_is_not_won_and_a_won_one_is() -> None:
    made = field("win_probability_model", Stage=["Lost", "Won", "Proposal", "Dreaming"], DaysInStage=[1, 100, 1, 1])
    assert made == [0.0, 1.0, 0.65, None]


def test_dependencies_are_counted() -> None:
    assert field("dependency_chain_depth", Dependencies=["TASK-1", "TASK-1,TASK-2, TASK-9", "", None]) == [
        1,
        3,
        0,
        None,
    ]


def test_an_industry_is_read_off_the_account_name() -> None:
    made = field("industry_code", AccountName=["Cedar Bank", "cedar retail ", "Cedar & Sons", None])
    assert made == ["SIC-6020", "SIC-5311", "SIC-9999", None]


TICKETS = pl.DataFrame(
    {
        "ticket": ["t1", "t2", "t3"],
        "priority": ["P1-Critical", "p4-low", "urgent"],
        "created_date": [datetime(2024, 1, 1)] * 3,
        "Resolved Date": [datetime(2024, 1, 2), datetime(2024, 1, 5), None],
        "opened_on": [date(2024, 1, 1)] * 3,
    }
)
CONTRACT = Contract(
    domain="it_ops",
    table="tickets",
    columns=(
        Column(name="ticket", role="id"),
        Column(name="priority", role="priority"),
        Column(name="created_date", type="timestamp", role="start_date"),
        Column(name="Resolved Date", type="timestamp", role="end_date"),
    ),
    features=(
        Feature(name="days", expression="date_diff('day', created_date, \"Resolved Date\")"),
        Feature(name="priority", expression="1"),
        Feature(name="ghost", expression="nowhere + 1"),
    ),
    aggregates=(Aggregate(name="by_priority", group_by=("priority",), measures={"tickets": "count(*)"}),),
)


def bench(table: pl.DataFrame = TICKETS, contract: Contract = CONTRACT) -> EnrichBench:
    return EnrichBench(table, contract=contract)


def test_sources_are_offered_where_headers_say_the_same_in_another_spelling() -> None:
    offered = {s.name: s for s in bench().observe().sources}
    assert set(offered) == {"mttr_band", "escalation_path"}
    assert offered["mttr_band"].columns == {"CreatedDate": "created_date", "ResolvedDate": "Resolved Date"}
    assert offered["escalation_path"].null_share == pytest.approx(1 / 3, abs=0.001)


def test_a_role_finds_an_input_only_where_one_column_has_it() -> None:
    roles = (Column(name="begun", role="start_date"), Column(name="over", role="end_date"))
    table = pl.DataFrame({"begun": [datetime(2024, 1, 1)], "over": [datetime(2024, 1, 2)], "later": [date(2024, 1, 2)]})
    one = Contract(domain="it_ops", table="t", columns=roles)
    assert [s.name for s in bench(table, one).observe().sources] == ["mttr_band"]
    two = one.model_copy(update={"columns": (*roles, Column(name="later", role="end_date"))})
    assert bench(table, two).observe().sources == ()


def test_a_source_is_not_offered_for_a_column_of_the_wrong_type() -> None:
    text = TICKETS.with_columns(pl.col("created_date").cast(pl.String))
    assert [s.name for s in bench(text).observe().sources] == ["escalation_path"]
    with pytest.raises(NotApplicable, match="mttr_band needs CreatedDate, ResolvedDate"):
        bench(text).do(AddField(source="mttr_band"))
    with pytest.raises(NotApplicable, match='"created_date" for CreatedDate: it holds String, not dates'):
        columns = {"CreatedDate": "created_date", "ResolvedDate": "Resolved Date"}
        bench(text).do(AddField(source="mttr_band", columns=columns))


def test_a_source_serves_once_whatever_name_its_field_has() -> None:
    made = bench()
    assert made.do(AddField(source="mttr_band")) == 2
    with pytest.raises(NotApplicable, match="a source serves once"):
        made.do(AddField(source="mttr_band", name="another"))
    assert made.observe().added == ("mttr_band",)
    assert made.frame["mttr_band"].to_list() == ["Slow", "Critical", None]


@pytest.mark.parametrize("name", ["ticket", "TICKET", "_row_id", " "])
def test_nothing_is_overwritten(name: str) -> None:
    made = bench()
    before = made.frame.clone()
    with pytest.raises(NotApplicable):
        made.do(AddField(source="mttr_band", name=name))
    assert made.frame.equals(before)
    assert made.steps == []
    assert "mttr_band" in made.observe().refused


def test_an_unknown_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match='no enrichment source "mttr_bnd"; did you mean "mttr_band"'):
        bench().do(AddField(source="mttr_bnd"))


def test_a_feature_is_the_contracts_whatever_expression_the_agent_writes() -> None:
    made = bench()
    made.do(AddFeature(name="days", expression="999"))
    assert made.frame["days"].to_list() == [1, 4, None]
    assert made.recipe().steps[0].operation.parameters()["expression"] == CONTRACT.features[0].expression


def test_a_feature_that_the_contract_does_not_name_is_refused() -> None:
    with pytest.raises(UnknownName, match='no feature "dais"; did you mean "days"'):
        bench().do(AddFeature(name="dais"))


def test_a_feature_over_a_missing_column_names_it() -> None:
    with pytest.raises(UnknownName, match='no column "nowhere"'):
        bench().do(AddFeature(name="ghost"))


def test_an_aggregate_is_learned_from_the_contract_and_leaves_the_table_alone() -> None:
    made = bench()
    before = made.frame.clone()
    made.do(AddAggregate(name="by_priority"))
    assert made.frame.equals(before)
    assert made.observe().added == ("by_priority",)
    with pytest.raises(NotApplicable, match="added already"):
        made.do(AddAggregate(name="by_priority"))


@pytest.mark.parametrize(
    "measure", ["(SELECT 1)", "sum(nope)", "count(*), 1", "count(*) FROM x; DROP TABLE y", "row_number() OVER ()"]
)
def test_a_measure_that_is_more_than_an_aggregate_is_refused(measure: str) -> None:
    aggregate = Aggregate(name="bad", group_by=("priority",), measures={"m": measure})
    with pytest.raises(OreflowError):
        bench(TICKETS, CONTRACT.model_copy(update={"aggregates": (aggregate,)})).do(AddAggregate(name="bad"))


class Steady:
    """The scripted part as an agent of its own."""

    name, stages = "steady", ("enrich",)

    def act(self, observation: Any) -> Operation:
        return enrich.choose(observation)

    def identity(self) -> dict[str, Any]:
        return {"name": self.name}


def test_the_scripted_part_adds_what_it_can_goes_round_refusals_and_finishes() -> None:
    made = bench()
    episode = rollout(Steady(), made, max_steps=30, now=lambda: datetime(2024, 1, 1))
    assert episode.ending == "finished"
    assert made.observe().added == ("mttr_band", "escalation_path", "days", "by_priority")
    reason = episode.turns[-1].action["reason"]
    assert "priority was refused" in reason
    assert "ghost was refused" in reason


def test_the_scripted_part_declines_what_says_nothing() -> None:
    tickets = TICKETS[[0] * 25].with_columns(pl.lit("urgent").alias("priority"))
    made = bench(tickets, CONTRACT.model_copy(update={"features": (), "aggregates": ()}))
    episode = rollout(Steady(), made, max_steps=30, now=lambda: datetime(2024, 1, 1))
    assert made.observe().added == ()
    assert episode.turns[-1].action["reason"] == (
        "Left out: mttr_band would be the same in every row; escalation_path would be empty in every row"
    )


def test_a_field_that_failed_the_gate_is_left_out_the_next_time() -> None:
    failed = {"rule": "r", "column": "mttr_band", "failing": 2}
    made = EnrichBench(TICKETS, contract=CONTRACT, feedback=[failed])
    rollout(Steady(), made, max_steps=30, now=lambda: datetime(2024, 1, 1))
    assert "mttr_band" not in made.observe().added


@each_domain
def test_the_scripted_part_uses_every_source_of_a_generated_table(domain: Domain) -> None:
    made = bench(domain.generate(np.random.default_rng(1), 300), domain.contract)
    episode = rollout(Steady(), made, max_steps=30, now=lambda: datetime(2024, 1, 1))
    asked = (*domain.sources, *domain.contract.features, *domain.contract.aggregates)
    assert set(made.observe().added) == {part.name for part in asked}
    assert [turn.error for turn in episode.turns if turn.error] == []


@each_domain
def test_a_recipe_survives_json_and_replays_to_what_the_bench_showed(domain: Domain) -> None:
    made = bench(domain.generate(np.random.default_rng(1), 300), domain.contract)
    rollout(Steady(), made, max_steps=30, now=lambda: datetime(2024, 1, 1))
    again = FittedRecipe.from_json(made.recipe().to_json())
    start = with_marks(with_row_ids(domain.generate(np.random.default_rng(1), 300)))
    assert nw.to_native(again.apply(nw.from_native(start.lazy()))).collect().equals(made.frame)


def test_actions_are_json_that_parses_back() -> None:
    action = AddField(source="mttr_band", columns={"CreatedDate": "a", "ResolvedDate": "b"}, reason="why").action()
    assert parse_operation(action).action() == action
    assert {"add_field", "add_feature", "add_aggregate", "finish"} <= set(bench().observe().operations)
    assert bench().do(Finish()) == 0


CELLS = with_row_ids(
    pl.DataFrame(
        {
            "a": [1, 2, None, -3],
            "b": [0.5, 0.0, 2.5, -1.5],
            "s": [" Xy", "b", None, ""],
            "d": [datetime(2024, 1, 1, 23, 59), datetime(2024, 2, 1), None, datetime(2023, 12, 31, 12)],
            "e": [date(2024, 1, 2), date(2024, 1, 31), date(2024, 1, 1), None],
            "f": [True, None, False, True],
        }
    )
)


@pytest.mark.parametrize(
    ("expression", "cells"),
    [
        ("a * 2 + b", [2.5, 4.0, None, -7.5]),
        ("a / b", [2.0, None, None, 2.0]),
        ("a / 4", [0.25, 0.5, None, -0.75]),
        ("round(b, 0)", [1.0, 0.0, 3.0, -2.0]),
        ("round(a / 3, 2)", [0.33, 0.67, None, -1.0]),
        ("CASE WHEN a > 1 THEN 'hi' WHEN a IS NULL THEN 'none' ELSE 'lo' END", ["lo", "hi", "none", "lo"]),
        ("CASE WHEN a > 0 THEN b END", [0.5, 0.0, None, None]),
        ("coalesce(a, 0)", [1, 2, 0, -3]),
        ("nullif(a, 1)", [None, 2, None, -3]),
        ("lower(trim(s))", ["xy", "b", None, ""]),
        ("S || '-' || a", [" Xy-1", "b-2", None, "--3"]),
        ("date_diff('day', d, e)", [1, -1, None, None]),
        ("date_diff('hour', d, e)", [1, -24, None, None]),
        ("a IN (1, -3)", [True, False, None, True]),
        ("a NOT IN (1)", [False, True, None, True]),
        ("a BETWEEN 0 AND 2", [True, True, None, False]),
        ("f AND a > 0", [True, None, False, False]),
        ("if(f, 1, 0)", [1, 0, 0, 1]),
        ("CAST(a AS VARCHAR)", ["1", "2", None, "-3"]),
        ("year(d)", [2024, 2024, None, 2023]),
        ("abs(b) + floor(b)", [0.5, 0.0, 4.5, -0.5]),
    ],
)
def test_a_row_expression_gives_these_cells_on_every_engine(engine: str, expression: str, cells: list[Any]) -> None:
    assert on(engine, CELLS, row_expression(expression, CELLS.columns)).to_list() == cells


@pytest.mark.parametrize(
    "expression",
    [
        "(SELECT 1)", "a; DROP TABLE x", "a, b", "a AS q", "a FROM x", "sum(a) OVER ()", "sum(a)", "*",
        "read_text('/etc/passwd')", "nope + 1", "a FROM gold WHERE a > 1 --", "foo(", "", "getenv('HOME')", "a[1]",
        "$1", "CAST(a AS INTEGER)", "a IS DISTINCT FROM b",
    ],
)  # fmt: skip
def test_anything_beyond_one_row_is_refused(expression: str) -> None:
    with pytest.raises((ContractError, UnknownName)):
        row_expression(expression, CELLS.columns)
