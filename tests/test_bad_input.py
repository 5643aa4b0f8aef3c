"""Bad input: what can't be used gives one message that names the fix and an exit code, and nothing is written."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from oreflow import settings
from oreflow.errors import ConfigError, ContractError, InfrastructureError, SourceError, unknown
from oreflow.ingesting import SourceBench
from oreflow.reading_postgres import _without_secrets
from oreflow.settings import Settings
from stages.refine import Refinery
from stages.watching import Silent
from warehouse import Warehouse

ROOT = Path(__file__).parents[1]
TABLE = "id,city\n" + "".join(f"A{i},{('Oslo', 'Rome')[i % 2]}\n" for i in range(40))


def oreflow(*words, cwd, before="", **environment):
    """The command in a process of its own, after the Python statements `before`."""
    code = f"{before}\nimport sys\nsys.argv[0] = 'oreflow'\nfrom oreflow.cli import main\nmain()\n"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True, text=True, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"rounds: 1\na: [\n", "line 3"),
        (b"- rounds\n- 1\n", "oreflow.yaml"),
        (b"just words\n", "oreflow.yaml"),
        (b"rounds: \xff\n", "UTF-8"),
    ],
)
def test_a_settings_file_that_is_no_mapping_in_yaml_is_named_with_the_place(project, content, says):
    (project / "oreflow.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        settings.load()
    assert "oreflow.yaml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_variable_that_is_no_setting_is_refused_with_the_nearest_one(project, monkeypatch):
    for name, near in [("OREFLOW_ENGIN", "OREFLOW_ENGINE"), ("OREFLOW_BUDGET__CELS", "OREFLOW_BUDGET__CELLS")]:
        with monkeypatch.context() as patch:
            patch.setenv(name, "1")
            with pytest.raises(ConfigError, match=f'did you mean "{near}"'):
                settings.load()


def test_every_setting_may_come_from_the_environment(project, monkeypatch):
    given = {"ENGINE": "pandas", "BUDGET__COLUMNS": "3", "AGENTS__CLEAN": "scripted", "SCREENSHOTS": "x"}
    for name, value in given.items():
        monkeypatch.setenv(f"OREFLOW_{name}", value)
    chosen = settings.load()
    assert (chosen.engine, chosen.budget.columns, chosen.agents) == ("pandas", 3, {"clean": "scripted"})


def test_a_message_lists_no_more_than_a_dozen_names():
    assert unknown("run", "zzz", [f"a{i:02}" for i in range(14)]).endswith("a10, a11 and 2 more.")
    assert unknown("run", "zzz", ["a", "b"]).endswith("known: a, b.")
    assert unknown("run", "zzz", []).endswith("known: none.")


def test_a_place_that_can_not_be_written_is_an_infrastructure_error(source):
    done = oreflow("refine", source, "--warehouse", "/proc/nowhere/lake", cwd=source.parent)
    assert done.returncode == 3, done.stderr
    assert "/proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("limit", [0, 4_000, 90_000])
def test_a_disk_that_takes_no_more_is_an_infrastructure_error(source, limit):
    small = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    done = oreflow("refine", source, "--warehouse", "lake", cwd=source.parent, before=small)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_gets_no_complaint(project):
    gone = "import os; end, pipe = os.pipe(); os.close(end); os.dup2(pipe, 1)"
    done = oreflow("config", "show", "--json", cwd=project, before=gone)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("text", "url", "expected"),
    [
        ("no port in postgresql://p:p@host/app", "postgresql://p:p@host/app", "no port in postgresql://p:***@host/app"),
        ("password=p is wrong", "postgresql://u:p@host/app", "password=*** is wrong"),
        ("bad option password='a b' here", "postgresql://host/app?password=a+b", "bad option password=*** here"),
        ("geheim1 was sent", "postgresql://u:geheim1@host/app", "*** was sent"),
        ("s3cret/x was sent", "postgresql://u:s3cret%2Fx@host/app", "*** was sent"),
    ],
)
def test_only_the_password_is_taken_out_of_a_message(text, url, expected):
    assert _without_secrets(text, url) == expected


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.xlsx", TABLE, r"t\.xlsx is text, not an Excel workbook; rename it to \.csv"),
        ("t.XLS", TABLE, "not an Excel workbook"),
        ("t.parquet", TABLE, "not a parquet file"),
        ("t.xlsx", '{"a": 1}\n{"a": 2}\n', r"rename it to \.jsonl"),
    ],
)
def test_text_under_the_name_of_a_workbook_is_refused(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=says):
        SourceBench(str(tmp_path / name))


# Names and contracts, before anything is written


def test_a_bad_contract_is_found_before_bronze_is_written(source, tmp_path):
    chosen = Settings(warehouse=tmp_path / "lake", contracts=tmp_path / "contracts")
    first = Refinery(chosen).refine(str(source))
    path = tmp_path / "contracts" / f"{first.domain}.sales.odcs.yaml"
    path.write_text("a: [")
    source.write_text(TABLE + "A99,Rome\n")
    with pytest.raises(ContractError, match=r"sales\.odcs\.yaml") as caught:
        Refinery(chosen).refine(str(source))
    assert caught.value.exit_code == 2
    assert Warehouse(tmp_path / "lake").latest("bronze", first.domain, "sales") == first.versions["bronze"]


def test_the_contract_of_a_database_table_is_read_first_too(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    connection.close()
    (tmp_path / "general.orders.odcs.yaml").write_text("a: [")
    (tmp_path / "general.other.odcs.yaml").write_text("fine for now: [")
    for name in (f"{tmp_path / 'shop.db'}", f"sqlite:///{tmp_path / 'shop.db'}?table=orders"):
        with pytest.raises(ContractError, match=r"general\.orders"):
            Refinery(Settings(warehouse=tmp_path / "lake", contracts=tmp_path)).refine(name)
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(("name", "fit"), [("ok__quarantine", "ok_quarantine"), ("a__b__", "a_b"), ("a/b", "a_b")])
def test_a_name_that_no_table_can_have_is_refused_before_anything_is_written(source, tmp_path, name, fit):
    with pytest.raises(ConfigError, match=f'for example "{fit}"') as caught:
        Refinery(Settings(warehouse=tmp_path / "lake")).refine(str(source), table=name)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "lake").exists()


# Runs that were killed, and runs that wait

DYING = """
import os, signal, sys
from oreflow.settings import Settings
from stages.refine import Refinery
from stages.watching import Silent

class Dies(Silent):
    def stage(self, name):
        if name == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)

Refinery(Settings(warehouse=sys.argv[1]), watcher=Dies()).refine(sys.argv[2])
"""
STARTING = """
import sys
from pathlib import Path
from oreflow.run import RunRecord
from warehouse import Warehouse

lake = Warehouse(Path(sys.argv[1]))
lake.ledger.start_run(RunRecord.model_validate_json(sys.argv[2]))
print("started", flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_closed_by_the_next_one_and_a_live_one_is_not(source, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    lake = tmp_path / "lake"
    killed = subprocess.run([sys.executable, "-c", DYING, lake, source, "gold"], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    (dead,) = Warehouse(lake).ledger.runs()
    assert dead.status == "running"
    live = dead.model_copy(update={"run": "run_live"})
    words = [sys.executable, "-c", STARTING, lake, live.model_dump_json(by_alias=True)]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"started\n"
        done = Refinery(Settings(warehouse=lake)).refine(str(source))
        other.stdin.close()
    ledger = Warehouse(lake).ledger
    assert done.status == "ok"
    assert (ledger.run(dead.run).status, ledger.run("run_live").status) == ("failed", "running")
    assert ledger.run(dead.run).message == "the process ended before the run did"


class Listening(Silent):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def turn(self, text: str) -> None:
        self.said.append(text)


def test_a_second_run_of_a_table_waits_for_the_first(source, tmp_path):
    watcher, lake = Listening(), Warehouse(tmp_path / "lake")
    held = lake.ledger.lock("sales", "sales", "run_first")
    held.__enter__()
    timer = threading.Timer(1.0, lambda: held.__exit__(None, None, None))
    timer.start()
    record = Refinery(Settings(warehouse=lake.root, domain="sales"), watcher=watcher).refine(str(source))
    assert record.status == "ok"
    assert any('waiting for "run_first"' in text for text in watcher.said)


def test_a_run_that_waited_in_vain_ends_as_an_infrastructure_error(source, tmp_path):
    lake = Warehouse(tmp_path / "lake")
    refinery = Refinery(Settings(warehouse=lake.root, domain="sales"), patience=0.1)
    with (
        lake.ledger.lock("sales", "sales", "run_first"),
        pytest.raises(InfrastructureError, match="run_first") as caught,
    ):
        refinery.refine(str(source))
    assert caught.value.exit_code == 3
    assert lake.ledger.runs()[0].status == "failed"
