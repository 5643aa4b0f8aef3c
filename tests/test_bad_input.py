"""Bad input: what can't be used gives one message that names the fix and an exit code, and nothing is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oreflow import settings
from oreflow.errors import ConfigError, SourceError, unknown
from oreflow.ingesting import SourceBench
from oreflow.reading_postgres import _without_secrets

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
