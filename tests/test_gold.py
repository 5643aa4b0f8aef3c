"""Gold: a silver table gains fields and aggregates, is judged, and answers the contract's questions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from agents.scripted import Scripted
from oreflow.answering import answer, in_words
from oreflow.contract import Aggregate, Column, Contract, Feature, Question, Rule
from oreflow.domain import Domain, domains
from oreflow.errors import SourceError
from oreflow.run import TableRef
from oreflow.settings import Settings
from oreflow.sql import run_query
from oreflow.tables import with_row_ids
from stages.gold import GoldResult, enrich
from warehouse import Warehouse

each_domain = pytest.mark.parametrize("domain", domains().values(), ids=lambda d: d.name)
ENGINE_ONLY = Settings(gate_rows=0)
ORDERS = with_row_ids(
    pl.DataFrame(
        {"order": ["a", "b", "c", "d"], "city": ["Oslo", "Rome", "Oslo", None], "paid": [10.0, 2.5, 30.0, 4.0]}
    )
)
CONTRACT = Contract(
    domain="shop",
    table="orders",
    columns=(Column(name="order", role="id"), Column(name="city"), Column(name="paid", type="number")),
    key=("order",),
    features=(Feature(name="cents", expression="paid * 100", description="Paid, in cents."),),
    aggregates=(Aggregate(name="by_city", group_by=("city",), measures={"orders": "count(*)", "paid": "sum(paid)"}),),
    questions=(
        Question(text="What did each city pay?",
                 sql="SELECT city, sum(paid) AS paid FROM gold GROUP BY 1 ORDER BY 2 DESC",
                 cites=("city", "paid")),
        Question(text="Who owes us?", sql="SELECT debtor FROM gold", cites=("debtor",)),
        Question(text="How much was paid?", sql="SELECT sum(cents) AS cents FROM gold"),
    ),
)  # fmt: skip


def gold(
    silver: pl.LazyFrame | TableRef, contract: Contract, folder: Path, *, settings: Settings = ENGINE_ONLY
) -> GoldResult:
    return enrich(
        silver, contract, warehouse=Warehouse(folder), agent=Scripted(), run="run_1",
        now=lambda: datetime(2025, 7, 1, tzinfo=UTC), settings=settings,
    )  # fmt: skip


@each_domain
def test_a_generated_table_becomes_gold_and_answers_all_its_questions(domain: Domain, tmp_path: Path) -> None:
    silver = with_row_ids(domain.generate(np.random.default_rng(1), 600))
    result = gold(silver.lazy(), domain.contract, tmp_path)
    table = result.staged.scan().collect()
    assert result.verdict.passed
    assert [(a.question, a.error) for a in result.answers if a.error] == []
    assert len(result.answers) == 5
    assert all(set(a.cites) <= set(table.columns) for a in result.answers)
    assert table.select(silver.columns).equals(silver)
    assert {f["name"] for f in result.fields_added} == set(table.columns) - set(silver.columns)
    assert [f["nulls"] for f in result.fields_added] == [table[f["name"]].null_count() for f in result.fields_added]


def test_two_ways_to_count_breaches_agree(tmp_path: Path) -> None:
    domain = domains()["it_ops"]
    silver = with_row_ids(domain.generate(np.random.default_rng(1), 2000))
    result = gold(silver.lazy(), domain.contract, tmp_path)
    flagged = result.staged.scan().filter(pl.col("sla_compliance_flag").is_not_null()).group_by("Priority")
    breached = (pl.col("sla_compliance_flag") == "Breached").sum().cast(pl.Int64)
    counted = flagged.agg(breached.alias("breached"), pl.len().cast(pl.Int64).alias("resolved_tickets")).sort(
        "Priority"
    )
    said = next(a for a in result.answers if a.question == "How many tickets are breaching SLA, by priority?")
    assert list(said.rows) == counted.collect().to_dicts()
    assert f"P1-Critical: breached {said.rows[0]['breached']}, resolved tickets" in said.text


def test_attrition_by_department_is_what_the_rows_say(tmp_path: Path) -> None:
    domain = domains()["hr"]
    silver = with_row_ids(domain.generate(np.random.default_rng(1), 900))
    for table in (silver, silver.with_columns(Attrition=pl.col("Attrition") == "Yes")):
        said = answer(domain.questions[0], table.lazy(), contract=domain.contract)
        left = {d: 100 * rows["Attrition"].cast(pl.String).is_in(["Yes", "true"]).mean()
                for (d,), rows in table.group_by("Department")}  # fmt: skip
        assert {row["Department"]: row["attrition_percent"] for row in said.rows} == {
            d: pytest.approx(share, abs=0.06) for d, share in left.items()
        }


def test_answers_state_the_numbers_of_their_query_and_cite_the_columns(tmp_path: Path) -> None:
    cities, debtors, total = gold(ORDERS.lazy(), CONTRACT, tmp_path).answers
    assert cities.text == "Oslo: paid 40; unknown: paid 4; Rome: paid 2.5."
    assert cities.rows == ({"city": "Oslo", "paid": 40.0}, {"city": None, "paid": 4.0}, {"city": "Rome", "paid": 2.5})
    assert cities.cites == ("city", "paid")
    assert debtors.error is not None
    assert debtors.error.startswith('no column "debtor"; known: ')
    assert total.text == "cents 4650."
    assert total.cites == ("cents",)


def test_numbers_that_are_stored_as_text_are_not_reckoned_with(tmp_path: Path) -> None:
    text = ORDERS.with_columns(pl.col("paid").cast(pl.String)).lazy()
    lowest = Question(text="What is the least?", sql="SELECT min(paid) AS paid FROM gold")
    refused = answer(lowest, text, contract=CONTRACT)
    assert refused.error == 'column "paid" holds text, though the contract promises number; clean it first.'


def test_aggregates_are_tables_of_their_own(tmp_path: Path) -> None:
    result = gold(ORDERS.lazy(), CONTRACT, tmp_path)
    assert list(result.aggregates) == ["by_city"]
    assert result.aggregates["by_city"].name == "orders__by_city"
    made = result.aggregates["by_city"].scan().collect()
    assert made.rows() == [("Oslo", 2, 40.0), ("Rome", 1, 2.5), (None, 1, 4.0)]


def test_the_result_says_what_was_added_how_and_why(tmp_path: Path) -> None:
    result = gold(ORDERS.lazy(), CONTRACT, tmp_path)
    assert result.fields_added == (
        {"name": "cents", "kind": "feature", "claim": "Paid, in cents.", "formula": "paid * 100", "nulls": 0},
    )
    assert [step.sentence for step in result.steps] == [
        "add cents from paid: paid * 100",
        "add the table by_city with orders, paid for each city",
    ]
    assert result.steps[0].reason == "The contract names this feature."
    assert [(e.row_id, e.new) for e in result.steps[0].examples] == [(0, "1000"), (1, "250"), (2, "3000"), (3, "400")]
    assert result.episode.ending == "finished"
    assert result.episode.verdicts[0]["layer"] == "gold"


def test_a_published_silver_version_is_read_and_named_in_the_episode(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    staged = warehouse.stage("silver", "shop", "orders", run="run_0")
    staged.write(ORDERS)
    ref = warehouse.publish([staged], run="run_0")["silver"]
    result = gold(ref, CONTRACT, tmp_path)
    assert result.staged.rows == 4
    assert result.episode.versions == {"silver": ref.version}
    assert (result.episode.run, result.episode.table) == ("run_1", "shop/orders")


def test_a_sample_learns_what_the_whole_table_gets(tmp_path: Path) -> None:
    domain = domains()["projects"]
    silver = with_row_ids(domain.generate(np.random.default_rng(1), 3000))
    result = gold(silver.lazy(), domain.contract, tmp_path, settings=Settings(gate_rows=0, sample_rows=300))
    assert result.staged.rows == 3000
    assert result.staged.scan().select(pl.col("schedule_risk_score").null_count()).collect().item() == 0


def test_a_field_that_breaks_a_critical_claim_is_taken_back_in_the_next_round(tmp_path: Path) -> None:
    domain = domains()["hr"]
    strict = Rule(id="low", kind="between", column="tenure_risk", arguments={"max": 0.3}, layers=("gold",))
    contract = domain.contract.model_copy(update={"rules": (*domain.contract.rules, strict)})
    silver = with_row_ids(domain.generate(np.random.default_rng(1), 300))
    result = gold(silver.lazy(), contract, tmp_path)
    assert [episode.verdicts[0]["results"] != [] for episode in result.episodes] == [True, True]
    assert result.verdict.passed
    assert "tenure_risk" not in result.staged.scan().collect_schema()
    assert "tenure_risk failed the gate" in result.episode.turns[-1].action["reason"]


def test_a_feature_that_cannot_be_computed_fails_the_gate_and_nothing_else(tmp_path: Path) -> None:
    contract = CONTRACT.model_copy(update={"features": (Feature(name="half", expression="city / 2"),)})
    result = gold(ORDERS.lazy(), contract, tmp_path)
    assert not result.verdict.passed
    assert [r.rule for r in result.verdict.results if not r.passed] == ["feature:half"]
    assert "half was refused" in result.episode.turns[-1].action["reason"]
    assert result.staged.rows == 4


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_become_gold_too(rows: int, tmp_path: Path) -> None:
    result = gold(ORDERS.head(rows).lazy(), CONTRACT, tmp_path)
    assert result.staged.rows == rows
    assert result.staged.scan().collect_schema().names() == [*ORDERS.columns, "cents"]
    assert result.answers[0].error is None


def test_a_table_of_an_unknown_domain_gets_what_its_contract_asks_and_no_more(tmp_path: Path) -> None:
    bare = CONTRACT.model_copy(update={"features": (), "aggregates": (), "questions": ()})
    result = gold(ORDERS.lazy(), bare, tmp_path)
    assert result.staged.scan().collect().equals(ORDERS)
    assert result.fields_added == result.answers == ()


def test_great_expectations_agrees_with_the_engine_on_gold(tmp_path: Path) -> None:
    result = gold(ORDERS.lazy(), CONTRACT, tmp_path, settings=Settings(gate_rows=1000))
    assert result.verdict.judge == "great_expectations"
    assert result.verdict.passed


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("SELECT nope FROM gold", 'Referenced column "nope" not found'),
        ("SELECT * FROM read_csv('/etc/passwd')", "file system operations are disabled"),
        ("SELECT * FROM '/etc/passwd'", "does not exist"),
        ("DROP TABLE gold", "no SELECT query"),
        ("SELECT 1; SELECT 2", "one query at a time"),
        ("COPY gold TO '/tmp/x.csv'", "no SELECT query"),
        ("SELECT count(*) FROM range(100000000000) a, range(1000) b", "more than 0.3 s"),
    ],
)
def test_a_query_reaches_nothing_but_its_tables_and_not_for_ever(sql: str, fault: str) -> None:
    with pytest.raises(SourceError, match=fault):
        run_query(sql, {"gold": ORDERS.lazy()}, seconds=0.3)
    failed = answer(Question(text="?", sql=sql, cites=("city",)), ORDERS.lazy(), seconds=0.3)
    assert failed.error is not None
    assert failed.text == f"Not answered: {failed.error}"
    assert failed.rows == ()


def test_a_query_reads_parquet_files_and_only_those(tmp_path: Path) -> None:
    ORDERS.write_parquet(tmp_path / "it's.parquet")
    ORDERS.write_parquet(tmp_path / "other.parquet")
    files = {"gold": [tmp_path / "it's.parquet"]}
    assert run_query("SELECT count(*) AS n FROM gold", files)["n"].to_list() == [4]
    with pytest.raises(SourceError, match="disabled"):
        run_query(f"SELECT * FROM read_parquet('{tmp_path}/other.parquet')", files)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"n": []}, "No row of the table speaks to this."),
        ({"rate": [13.25]}, "rate 13.25."),
        ({"city": ["Oslo"], "paid_total": [1200.0]}, "Oslo: paid total 1200."),
        ({"year": [2024, 2025], "n": [1, None]}, "year 2024, n 1; year 2025, n unknown."),
        ({"n": list(range(7))}, "n 0; n 1; n 2; n 3; n 4; and 2 more."),
    ],
)
def test_a_result_is_put_into_words(columns: dict[str, list[Any]], said: str) -> None:
    assert in_words(pl.DataFrame(columns)) == said
