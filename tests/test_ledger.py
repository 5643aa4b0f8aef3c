"""The ledger: the account of runs, safe for many processes, and clear about what is wrong with its file."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from oreflow.errors import InfrastructureError, UnknownName
from oreflow.run import ColumnReport, Rows, RuleResult, RunRecord, TableRef, Verdict
from warehouse import Ledger, Publication
from warehouse.database import Database
from warehouse.ledger_schema import MIGRATIONS
from warehouse.locks import lease

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record(run="run_a", **fields):
    return RunRecord(**{"run": run, "domain": "hr", "table": "staff", "source": "s.csv", "started": NOON, **fields})


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


def test_a_run_is_seen_while_it_runs_and_whole_when_it_is_done(ledger):
    ledger.start_run(record())
    assert ledger.run("run_a").status == "running"
    done = record(
        status="ok", seconds=1.5, rows=Rows(in_=3, out=2, quarantined=1), score={"silver": {"after": float("nan")}}
    )
    ledger.finish_run(done)
    assert ledger.run("run_a").model_dump_json() == done.model_dump_json()


def test_runs_come_newest_first_and_by_table(ledger):
    for n in range(4):
        ledger.start_run(record(f"run_{n}", table="staff" if n % 2 else "pay", started=NOON + timedelta(hours=n)))
    assert [r.run for r in ledger.runs()] == ["run_3", "run_2", "run_1", "run_0"]
    assert [r.run for r in ledger.runs("hr", "pay")] == ["run_2", "run_0"]
    assert [r.run for r in ledger.runs(limit=1)] == ["run_3"]
    assert ledger.runs("sales") == []


def test_runs_started_in_different_time_zones_are_in_the_order_of_time(ledger):
    from datetime import timezone

    ledger.start_run(record("early", started=datetime(2026, 3, 1, 20, tzinfo=timezone(timedelta(hours=9)))))
    ledger.start_run(record("late", started=NOON))
    assert [r.run for r in ledger.runs()] == ["late", "early"]


def test_an_unknown_run_is_answered_with_the_nearest(ledger):
    ledger.start_run(record("run_2026_a"))
    with pytest.raises(UnknownName, match='did you mean "run_2026_a"'):
        ledger.run("run_2026_b")


def test_gates_are_kept_rule_by_rule_with_the_version_that_was_judged(ledger):
    rules = (
        RuleResult(
            rule="id_unique", kind="unique", column="id", severity="critical", passed=False, checked=3, failing=2
        ),
        RuleResult(rule="score", kind="dq_score", severity="warning", passed=True, observed={1, 2}),
    )
    run = record(
        gates=[Verdict(layer="silver", results=rules)],
        versions={"silver": TableRef(layer="silver", domain="hr", table="staff", version=4)},
    )
    ledger.finish_run(run)
    ledger.finish_run(run)  # a retry is no second result
    first, second = ledger.gates("hr", "staff")
    assert (first.rule, first.passed, first.failing, first.version, first.column) == ("id_unique", False, 2, 4, "id")
    assert (second.rule, second.passed, second.layer) == ("score", True, "silver")
    assert [g.rule for g in ledger.gates(run="run_a", rule="score")] == ["score"]


def test_numbers_of_columns_are_kept_over_runs(ledger):
    for n, nulls in enumerate([5, 0]):
        columns = [ColumnReport(name="id", nulls_after=nulls)]
        ledger.finish_run(record(f"run_{n}", started=NOON + timedelta(days=n), columns=columns, rows=Rows(in_=9)))
    assert [m.value for m in ledger.metrics("hr", "staff", column="id", metric="nulls_after")] == [0, 5]
    assert [(m.column, m.value) for m in ledger.metrics("hr", "staff", metric="rows_in")] == [(None, 9), (None, 9)]


def test_the_same_recipe_again_is_no_new_version_and_a_return_to_an_old_one_is(ledger):
    first = ledger.save_recipe("hr", "staff", {"steps": [], "a": 1})
    again = ledger.save_recipe("hr", "staff", '{"a": 1, "steps": []}')
    other = ledger.save_recipe("hr", "staff", {"steps": [1]}, run="run_b")
    back = ledger.save_recipe("hr", "staff", {"steps": [], "a": 1})
    assert first == again and first[1] == 1 and other[1] == 2
    assert back == (first[0], 3)
    assert ledger.recipe("hr", "staff").recipe == {"steps": [], "a": 1}
    assert (ledger.recipe("hr", "staff", 2).recipe, ledger.recipe("hr", "staff", 2).run) == ({"steps": [1]}, "run_b")
    assert ledger.save_recipe("hr", "staff", {"x": 1}, layer="gold")[1] == 1
    with pytest.raises(UnknownName, match="silver/hr/staff@3"):
        ledger.recipe("hr", "staff", 9)


def test_publications_are_found_by_table_layer_and_run(ledger):
    one = Publication("run_a", "silver", "hr", "staff", None, 0, 10, "ann", NOON)
    two = Publication("run_b", "silver", "hr", "staff", 0, 1, 12, "ben", NOON + timedelta(hours=1))
    for publication in (one, two, two):
        ledger.record_publication(publication)
    assert ledger.publications("hr", "staff") == [two, one]
    assert ledger.publications(run="run_a") == [one]
    assert ledger.publications(layer="gold") == []


# The lock


def test_only_one_run_works_on_a_table_and_the_other_learns_who(ledger):
    with ledger.lock("hr", "staff", "run_a"):
        with (
            pytest.raises(InfrastructureError, match='hr/staff is held by "run_a"'),
            ledger.lock("hr", "staff", "run_b"),
        ):
            pass
        with ledger.lock("hr", "pay", "run_b"):
            pass
    with ledger.lock("hr", "staff", "run_b"):
        pass


def test_a_run_that_fails_lets_go(ledger):
    with pytest.raises(ZeroDivisionError), ledger.lock("hr", "staff", "run_a"):
        raise ZeroDivisionError
    with ledger.lock("hr", "staff", "run_b"):
        pass


def test_waiting_for_a_lock_gets_it_when_it_is_free(ledger):
    order = []

    def hold():
        with ledger.lock("hr", "staff", "run_a"):
            order.append("a takes")
            ready.set()
            time.sleep(0.2)
            order.append("a leaves")

    ready = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait()
    with ledger.lock("hr", "staff", "run_b", wait=5):
        order.append("b takes")
    thread.join()
    assert order == ["a takes", "a leaves", "b takes"]


def test_a_killed_holder_is_not_waited_for(ledger, tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from warehouse import Ledger\n"
        "with Ledger(Path(sys.argv[1])).lock('hr', 'staff', 'run_a', seconds=3600):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(InfrastructureError, match="run_a"), ledger.lock("hr", "staff", "run_b"):
        pass
    holder.kill()
    holder.wait()
    with ledger.lock("hr", "staff", "run_b"):
        pass


def test_a_hold_that_this_process_left_behind_is_taken_over(ledger, tmp_path):
    with ledger.lock("hr", "staff", "run_a"):
        with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
            db.execute("UPDATE locks SET token = 'lost'")
        with ledger.lock("hr", "staff", "run_b"):
            pass


def test_a_hold_of_another_machine_ends_when_its_time_is_over(ledger, tmp_path):
    process = '{"machine": "elsewhere", "pid": 1, "started": "1"}'
    with ledger.database.writing() as db:
        row = ("hr/staff", "t", "run_far", process, time.time(), time.time() + 0.3)
        db.execute("INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?)", row)
    with pytest.raises(InfrastructureError, match=r"run_far.*elsewhere"), ledger.lock("hr", "staff", "run_b"):
        pass
    with ledger.lock("hr", "staff", "run_b", wait=2):
        pass


def test_a_long_hold_is_renewed(ledger):
    with lease(ledger.database, "x", "run_a", seconds=0.3):
        time.sleep(0.7)
        with pytest.raises(InfrastructureError, match="run_a"), lease(ledger.database, "x", "run_b"):
            pass


# The file


def count_up(root, name, times):
    ledger = Ledger(root)
    for n in range(times):
        ledger.save_recipe("hr", "staff", {"by": name, "n": n})


def test_processes_that_all_begin_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(tmp_path, n, 15)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert sorted(r.version for r in Ledger(tmp_path).recipes("hr", "staff")) == list(range(1, 61))


def test_threads_share_a_ledger(ledger):
    threads = [threading.Thread(target=ledger.start_run, args=(record(f"run_{n}"),)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.runs()) == 12


def test_a_ledger_that_is_no_database_is_named_with_the_fix(ledger, tmp_path):
    (tmp_path / "ledger.sqlite").write_text("this is no database, whatever its name says" * 50)
    for use in (lambda: ledger.runs(), lambda: ledger.start_run(record())):
        with pytest.raises(InfrastructureError, match=r"ledger.*ledger\.sqlite is damaged.*move it away"):
            use()
    (tmp_path / "ledger.sqlite").unlink()
    ledger.start_run(record())
    assert len(ledger.runs()) == 1


def test_a_ledger_of_a_newer_oreflow_is_left_alone(ledger, tmp_path):
    ledger.start_run(record())
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    for use in (lambda: ledger.runs(), lambda: ledger.start_run(record("run_b"))):
        with pytest.raises(InfrastructureError, match=r"newer Oreflow.*upgrade"):
            use()


def test_a_ledger_of_an_older_oreflow_is_brought_forward_with_its_runs(tmp_path):
    old = Database(tmp_path / "ledger.sqlite", MIGRATIONS[:1], what="the ledger")
    ledger = Ledger(tmp_path)
    with old.writing() as db:
        row = ("run_old", "hr", "staff", "s.csv", "ok", NOON.isoformat(), 1.0, record("run_old").model_dump_json())
        db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert [r.run for r in ledger.runs()] == ["run_old"]
    ledger.finish_run(record("run_new", rows=Rows(in_=1)))
    assert ledger.metrics("hr", "staff", metric="rows_in")[0].value == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InfrastructureError, match="Check that the folder can be written"):
        Ledger(tmp_path).start_run(record())


def test_a_ledger_that_another_program_keeps_locked_is_named(ledger, tmp_path, monkeypatch):
    ledger.start_run(record())
    monkeypatch.setattr("warehouse.database.PATIENCE", 0.1)
    with sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InfrastructureError, match="no other program keeps the file locked"):
            ledger.start_run(record("run_b"))


def test_a_transaction_that_fails_leaves_nothing(ledger):
    ledger.start_run(record())
    with pytest.raises(ZeroDivisionError), ledger.database.writing() as db:
        db.execute("DELETE FROM runs")
        raise ZeroDivisionError
    assert len(ledger.runs()) == 1
