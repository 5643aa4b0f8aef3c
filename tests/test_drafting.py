"""Drafting: a contract from a cleaned sample holds what the sample gives evidence for, and nothing else."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from oreflow.contract import Column, Contract, Rule
from oreflow.drafting import draft_contract, lint
from oreflow.gate import judge


def orders(rows: int = 400, *, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    starts = [date(2026, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 90, rows)]
    return pl.DataFrame(
        {
            "order_id": [f"ORD-{i:05d}" for i in range(rows)],
            "status": rng.choice(["open", "done", "lost"], rows),
            "age": rng.integers(18, 80, rows),
            "started": starts,
            "ended": [s + timedelta(days=int(d)) for s, d in zip(starts, rng.integers(0, 9, rows), strict=True)],
            "note": [None if i % 3 else f"note {i}" for i in range(rows)],
            "amount": np.round(rng.normal(100, 5, rows), 2),
        }
    )


ROLES = {"order_id": "id", "status": "status", "age": "age", "started": "start_date", "ended": "end_date"}


def test_types_key_required_and_optional_come_from_the_cells() -> None:
    contract = draft_contract(orders(), domain="sales", table="orders", roles=ROLES)
    assert contract.key == ("order_id",)
    assert {c.name: c.type for c in contract.columns} == {
        "order_id": "string", "status": "string", "age": "integer", "started": "date",
        "ended": "date", "note": "string", "amount": "number",
    }  # fmt: skip
    assert [c.name for c in contract.columns if c.optional] == ["note"]
    assert [c.name for c in contract.columns if not c.required] == ["note"]


def test_the_rules_are_principled_or_leave_room() -> None:
    rules = {r.id: r for r in draft_contract(orders(), domain="sales", table="orders", roles=ROLES).rules}
    assert rules["shape:order_id"].arguments == {"pattern": r"^ORD\-[0-9]{5,}$"}
    assert rules["range:age"].severity == "critical"
    assert rules["range:age"].arguments == {"min": 0, "max": 120}
    assert rules["observed:amount"].severity == "warning"
    assert rules["values:status"].severity == "warning"
    assert rules["values_mostly:status"].mostly == 0.95
    assert rules["order:started:ended"].arguments == {"low": "started", "high": "ended"}


def test_a_draft_passes_on_its_own_table_and_on_a_fresh_one_by_both_judges() -> None:
    contract = draft_contract(orders(), domain="sales", table="orders", roles=ROLES)
    assert lint(contract) == []
    for table in (orders(), orders(300, seed=9)):
        assert judge(table, contract, "silver", gx_rows=1000).verdict.passed


def test_values_seen_too_seldom_are_no_closed_list() -> None:
    few = orders(40)
    rare = orders().with_columns(status=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("new")).otherwise("status"))
    for table in (few, rare):
        contract = draft_contract(table, domain="d", table="t", roles=ROLES)
        assert not [r for r in contract.rules if r.kind == "in_set"]


def test_a_pair_is_a_key_only_where_chance_would_have_repeated_it() -> None:
    days = pl.DataFrame(
        {
            "ticket_id": np.repeat(np.arange(50), 8),
            "step_no": np.tile(np.arange(8), 50),
            "x": np.random.default_rng(1).random(400),
        }
    )
    assert draft_contract(days, domain="d", table="t", roles={}).key == ("ticket_id", "step_no")
    accident = pl.DataFrame({"ref": np.arange(300) % 250, "n": np.arange(300) * 7 % 299, "x": ["a"] * 300})
    assert draft_contract(accident, domain="d", table="t", roles={}).key == ()


def test_tables_of_no_rows_one_row_and_nothing_but_gaps_give_a_contract_they_pass() -> None:
    gaps = pl.DataFrame({"a": [None, None], "b": ["", None]}, schema={"a": pl.Null, "b": pl.String})
    for table in (orders().clear(), orders(1), gaps, pl.DataFrame({"é": [1, 1]})):
        contract = draft_contract(table, domain="d", table="t")
        assert [c.name for c in contract.columns] == table.columns
        assert judge(table, contract, "silver", gx_rows=100).verdict.worst in (None, "warning")


def test_system_columns_and_marked_rows_are_no_part_of_a_draft() -> None:
    table = orders(30).with_row_index("_row_id").with_columns(_quarantine=pl.lit(None, dtype=pl.String))
    marked = table.with_columns(_quarantine=pl.when(pl.col("_row_id") == 0).then(pl.lit("bad")))
    contract = draft_contract(marked, domain="d", table="t", roles={})
    assert [c.name for c in contract.columns] == orders(1).columns


def test_lint_names_what_is_idle_or_said_twice() -> None:
    rules = (
        Rule(id="a", kind="between", column="x", arguments={"max": 1}),
        Rule(id="b", kind="between", column="x", arguments={"max": 1}),
        Rule(id="c", kind="between", column="x", arguments={"min": 5}),
        Rule(id="d", kind="null_share", column="x", arguments={"max": 1.0}),
        Rule(id="e", kind="not_null", column="x"),
    )
    columns = (Column(name="x", type="number", required=True),)
    said = lint(Contract(domain="d", table="t", columns=columns, rules=rules))
    for part in ('"a" and "b" claim the same', '"a" and "c" leave no value', '"d" can never fail', '"e" says what'):
        assert any(part in line for line in said), said


def test_a_code_that_looks_like_no_value_does_not_make_a_draft_contradict_itself() -> None:
    from oreflow.contract_check import check_contract

    table = pl.DataFrame({"id": [f"A{i}" for i in range(200)], "country": ["NA", "EU", "AS", "SA"] * 50})
    contract = draft_contract(table, domain="d", table="t")
    check_contract(contract)
    assert judge(table, contract, "silver", gx_rows=0).verdict.worst in (None, "warning")


def test_rows_that_repeat_without_a_name_are_a_warning_at_the_usual_score() -> None:
    table = pl.DataFrame({"answer": ["yes", "no"] * 100})
    rule = next(r for r in draft_contract(table, domain="d", table="t").rules if r.kind == "dq_score")
    assert (rule.arguments["min"], rule.severity) == (0.95, "warning")
