"""The four domains: what their generators promise, and that their contracts and words fit what they generate."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from oreflow.corruption import restore, text_form
from oreflow.corruptions.mess import damage_with_receipt
from oreflow.domain import Domain, domains
from oreflow.gate import judge
from oreflow.role_evidence import header_words
from oreflow.roles import ROLES
from oreflow.tables import fingerprint

COLUMNS = {
    "hr": "EmployeeID Age Department JobRole MonthlyIncome YearsAtCompany Attrition JobSatisfaction OverTime"
    " DistanceFromHome Education PerformanceRating",
    "sales": "DealID AccountName Stage Amount CloseDate Rep Product Region LeadSource DaysInStage Probability"
    " ForecastCategory",
    "projects": "TaskID ProjectName Assignee Status Priority DueDate EstimatedHours ActualHours Dependencies Milestone"
    " RiskFlag CompletionPct",
    "it_ops": "TicketID Category Priority Status Assignee CreatedDate ResolvedDate SLATarget EscalationLevel"
    " AffectedSystem ResolutionType CustomerImpact",
}
FINGERPRINTS = """
import numpy as np
from oreflow.domain import domains
from oreflow.tables import fingerprint
for domain in domains().values():
    table = domain.generate(np.random.default_rng(4), 300)
    print(fingerprint(table), fingerprint(domain.damage(np.random.default_rng(5), table)))
"""
each_domain = pytest.mark.parametrize("domain", domains().values(), ids=lambda d: d.name)


def made(domain: Domain, rows: int, *, seed: int = 1) -> pl.DataFrame:
    return domain.generate(np.random.default_rng(seed), rows)


def test_the_built_in_domains_are_there() -> None:
    assert set(COLUMNS) <= set(domains())


@each_domain
def test_the_columns_are_those_of_the_contract_in_their_order(domain: Domain) -> None:
    assert made(domain, 10).columns == COLUMNS[domain.name].split() == [c.name for c in domain.contract.columns]


@each_domain
@pytest.mark.parametrize("rows", [0, 1, 2, 50])
def test_any_number_of_rows_can_be_generated_with_the_same_types(domain: Domain, rows: int) -> None:
    table = made(domain, rows)
    assert table.height == rows
    assert table.schema == made(domain, 500).schema
    assert domain.damage(np.random.default_rng(2), table).columns == table.columns


@each_domain
def test_types_are_those_that_the_contract_names(domain: Domain) -> None:
    dtypes = {"integer": pl.Int64, "number": pl.Float64, "date": pl.Date, "timestamp": pl.Datetime, "string": pl.String}
    schema = made(domain, 20).schema
    assert [c.name for c in domain.contract.columns if schema[c.name] != dtypes[c.type]] == []


@each_domain
@pytest.mark.parametrize("seed", [1, 2])
def test_a_generated_table_keeps_every_rule_of_its_contract_to_the_last_row(domain: Domain, seed: int) -> None:
    judgement = judge(made(domain, 4000, seed=seed).lazy(), domain.contract, "silver", gx_rows=0)
    broken = [(r.rule, r.failing, r.error) for r in judgement.verdict.results if r.failing or not r.passed]
    assert broken == []


@each_domain
def test_only_optional_columns_have_empty_cells(domain: Domain) -> None:
    table = made(domain, 2000)
    assert {c for c in table.columns if table[c].null_count()} == {
        c.name for c in domain.contract.columns if c.optional
    }


@each_domain
def test_keys_stay_unique_past_the_digits_that_they_are_padded_to(domain: Domain) -> None:
    key = made(domain, 120_000).get_column(domain.contract.key[0])
    assert key.n_unique() == 120_000


@each_domain
def test_the_same_seed_gives_the_same_table_and_another_seed_another(domain: Domain) -> None:
    assert fingerprint(made(domain, 200, seed=8)) == fingerprint(made(domain, 200, seed=8))
    assert fingerprint(made(domain, 200, seed=8)) != fingerprint(made(domain, 200, seed=9))


def test_tables_and_their_damage_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    def printed(hash_seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", FINGERPRINTS], env=env, capture_output=True, text=True, check=True
        ).stdout

    assert printed("1") == printed("2") != ""


def test_a_ticket_has_a_resolution_exactly_when_it_is_resolved_or_closed() -> None:
    table = made(domains()["it_ops"], 3000)
    solved = table["Status"].is_in(["Resolved", "Closed"])
    assert (table["ResolvedDate"].is_not_null() == solved).all()
    assert (table["ResolutionType"].is_not_null() == solved).all()
    assert (table["CreatedDate"] <= table["ResolvedDate"]).drop_nulls().all()


def test_a_task_depends_only_on_tasks_before_it() -> None:
    table = made(domains()["projects"], 3000).with_row_index("at", offset=1)
    named = table.select("at", pl.col("Dependencies").str.split(",")).explode("Dependencies").drop_nulls()
    earlier = named["Dependencies"].str.strip_prefix("TASK-").cast(pl.Int64)
    assert named.height > 500
    assert (earlier < named["at"]).all()
    assert (earlier >= 1).all()
    assert not named.is_duplicated().any()


def test_closed_deals_closed_in_the_past_and_open_ones_close_later() -> None:
    table = made(domains()["sales"], 3000)
    closed = table.filter(pl.col("Stage").is_in(["Won", "Lost"]))["CloseDate"]
    still_open = table.filter(~pl.col("Stage").is_in(["Won", "Lost"]))["CloseDate"]
    assert closed.max() < still_open.min()  # type: ignore[operator]


def test_income_follows_the_job_role() -> None:
    table = made(domains()["hr"], 4000)
    median = dict(table.group_by("JobRole").agg(pl.col("MonthlyIncome").median()).iter_rows())
    assert median["Lab Technician"] < median["Sales Executive"] < median["Manager"]
    assert table["Age"].is_between(18, 70).all()


@each_domain
def test_three_to_eight_percent_of_the_cells_are_damaged_and_the_key_is_not(domain: Domain) -> None:
    table = made(domain, 5000)
    spoiled, receipt = damage_with_receipt(np.random.default_rng(3), table, contract=domain.contract)
    cells = receipt.filter(pl.col("column") != "")
    assert 0.03 < cells.height / (table.height * table.width) < 0.08
    assert domain.contract.key[0] not in cells["column"].unique().to_list()
    assert all(dtype == pl.String for dtype in spoiled.drop("_row_id").schema.dtypes())
    assert 0 < receipt.filter(pl.col("kind") == "duplicate").height < 0.03 * table.height


@each_domain
def test_the_receipt_restores_the_clean_table(domain: Domain) -> None:
    table = made(domain, 800)
    spoiled, receipt = damage_with_receipt(np.random.default_rng(3), table, contract=domain.contract)
    clean = text_form(table)
    assert not spoiled.equals(clean)
    assert restore(spoiled, receipt).equals(clean)


@each_domain
def test_a_damaged_table_fails_its_contract(domain: Domain) -> None:
    spoiled = domain.damage(np.random.default_rng(3), made(domain, 2000))
    assert not judge(spoiled.lazy(), domain.contract, "silver", gx_rows=0).verdict.passed


@pytest.mark.parametrize("seed", range(4))
def test_slashed_dates_of_one_table_are_all_day_first_or_all_month_first(seed: int) -> None:
    domain = domains()["it_ops"]
    spoiled = domain.damage(np.random.default_rng(seed), made(domain, 2000))
    slashed = pl.concat([spoiled["CreatedDate"], spoiled["ResolvedDate"]]).str.extract_groups(r"^(\d\d)/(\d\d)/\d{4}")
    first, second = slashed.struct.field("1").cast(pl.Int64), slashed.struct.field("2").cast(pl.Int64)
    assert (first.max() > 12) != (second.max() > 12)  # type: ignore[operator]


@each_domain
def test_every_role_is_one_that_the_vocabulary_knows(domain: Domain) -> None:
    assert {c.role for c in domain.contract.columns if c.role} <= set(ROLES)


@each_domain
def test_a_domain_recognises_its_own_headers_best(domain: Domain) -> None:
    headers = {word for column in domain.contract.columns for word in header_words(column.name)}
    hits = {other.name: len(headers & other.words) for other in domains().values()}
    assert hits[domain.name] == max(hits.values())
    assert list(hits.values()).count(hits[domain.name]) == 1


@each_domain
def test_there_are_five_questions_and_five_sources_each(domain: Domain) -> None:
    assert len(domain.questions) == 5
    assert len(domain.sources) == 5
    assert domain.questions == domain.contract.questions


@pytest.mark.slow
@each_domain
def test_a_million_rows_take_seconds(domain: Domain) -> None:
    assert made(domain, 1_000_000).height == 1_000_000
