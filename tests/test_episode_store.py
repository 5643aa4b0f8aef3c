"""The episode store: many small episodes from many processes, each found again whole."""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest

from oreflow.episode import Episode, Turn
from oreflow.errors import ConfigError, UnknownName
from warehouse import Ledger
from warehouse.episodes import EpisodeStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def episode(number, **fields):
    turn = Turn(observation={"goal": "clean"}, action={"operation": "finish"}, result="done\nline", changed_cells=2)
    base = {"id": f"ep_{number}", "stage": "clean", "agent": {"name": "scripted"}, "turns": [turn], "seconds": 0.5}
    return Episode(**{**base, "started": NOON + timedelta(seconds=number), **fields})


@pytest.fixture
def store(tmp_path):
    return EpisodeStore(tmp_path, Ledger(tmp_path).database)


def test_an_episode_comes_back_whole(store):
    kept = episode(1, run="run_a", table="hr/staff", verdicts=[{"passed": True}], agent={"name": "größe", "v": 1})
    store.save(kept)
    assert store.get("ep_1") == kept
    store.pack()
    assert store.get("ep_1") == kept


def test_summaries_are_newest_first_and_filtered(store):
    for n in range(6):
        store.save(episode(n, stage="ingest" if n % 2 else "clean", run=f"run_{n // 3}"))
        if n == 2:
            store.pack()
    assert [e.id for e in store.list()] == [f"ep_{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert [e.id for e in store.list(2)] == ["ep_5", "ep_4"]
    assert [e.id for e in store.list(stage="ingest")] == ["ep_5", "ep_3", "ep_1"]
    assert [e.id for e in store.list(run="run_0", stage="clean")] == ["ep_2", "ep_0"]
    assert store.list(agent="other") == []
    first = store.list(1)[0]
    assert (first.agent, first.ending, first.steps, first.changed_cells, first.started) == (
        "scripted", "finished", 1, 2, NOON + timedelta(seconds=5),
    )  # fmt: skip


def test_an_episode_saved_anew_replaces_the_packed_one(store):
    store.save(episode(1))
    store.pack()
    store.save(episode(1, verdicts=[{"passed": False}]))
    assert store.get("ep_1").verdicts == [{"passed": False}]
    store.pack()
    assert store.get("ep_1").verdicts == [{"passed": False}]
    assert len(store.list()) == 1 and store.scan().collect().height == 1


def test_an_unknown_episode_is_answered_with_the_nearest(store):
    store.save(episode(1))
    with pytest.raises(UnknownName, match='did you mean "ep_1"'):
        store.get("ep_l")
    with pytest.raises(ConfigError, match="episode name"):
        store.get("../ledger")


def test_packing_an_empty_inbox_does_nothing(store, tmp_path):
    assert store.pack() == 0
    assert store.list() == [] and store.scan().collect().is_empty()


def test_rewards_are_summed_where_there_are_any(store):
    turn = Turn(observation={}, action={}, result="", rewards={"quality": 0.5, "length": -0.25})
    store.save(episode(1, turns=[turn, turn]))
    store.save(episode(2))
    assert {e.id: e.reward for e in store.list()} == {"ep_1": 0.5, "ep_2": None}


def save_many(root, first, count):
    store = EpisodeStore(root, Ledger(root).database, pack_at=50)
    for n in range(first, first + count):
        store.save(episode(n))


def test_processes_save_at_once_while_others_read_and_none_is_lost(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=save_many, args=(tmp_path, 1000 * n, 150)) for n in range(3)]
    for worker in workers:
        worker.start()
    store, seen = EpisodeStore(tmp_path, Ledger(tmp_path).database), 0
    while any(worker.is_alive() for worker in workers):
        found = len(store.list(limit=None))
        assert found >= seen, "an episode vanished while it was packed"
        seen = found
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len({e.id for e in store.list(limit=None)}) == 450
    assert any((tmp_path / "episodes" / "parts").iterdir())


def test_a_thousand_saves_take_under_five_milliseconds_each_and_are_packed(store, tmp_path):
    long = Turn(observation={"view": "x" * 4000}, action={"operation": "look"}, result="y" * 1000)
    started = time.perf_counter()
    for n in range(1100):
        store.save(episode(n, turns=[long] * 5))
    assert (time.perf_counter() - started) / 1100 < 0.005
    assert len(list((tmp_path / "episodes" / "inbox").glob("*.json"))) < 1000
    assert len(store.list(limit=None)) == 1100


def test_packed_episodes_are_a_table_for_any_reader(store, tmp_path):
    for n in range(3):
        store.save(episode(n))
    store.pack()
    parts = str(tmp_path / "episodes" / "parts" / "*.parquet")
    assert duckdb.sql(f"select count(*), sum(steps) from read_parquet('{parts}')").fetchall() == [(3, 3)]
    assert store.scan().select(pl.col("body").str.json_path_match("$.id")).collect().to_series().to_list() == [
        "ep_0", "ep_1", "ep_2",
    ]  # fmt: skip
