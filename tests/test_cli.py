"""The command line: what each command prints, and the exit code of each way to be wrong."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[1]


def oreflow(*words, cwd, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "oreflow", *map(str, words)],
        capture_output=True, text=True, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    pl.DataFrame(
        {
            "id": [f"A{i}" for i in range(60)],
            "city": ["Oslo", "Rome", " Oslo"] * 20,
            "amount": ["1.5", "2.5", "N/A"] * 20,
        }
    ).write_csv(folder / "sales.csv")
    done = oreflow("refine", "sales.csv", "--json", "--warehouse", "lake", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_json_is_one_object_and_nothing_else(lake):
    _, body = lake
    assert body["status"] == "ok"
    assert body["rows"]["in"] == 60
    assert {g["layer"] for g in body["gates"]} == {"silver", "gold"}


def test_runs_and_episodes_are_listed_and_shown(lake):
    folder, body = lake
    runs = json.loads(oreflow("runs", "--json", "--warehouse", "lake", cwd=folder).stdout)
    assert [r["run"] for r in runs] == [body["run"]]
    listed = json.loads(oreflow("episodes", "list", "--json", "--warehouse", "lake", cwd=folder).stdout)
    assert {e["id"] for e in listed} == set(body["episodes"])
    shown = oreflow("episodes", "show", body["episodes"][1], "--warehouse", "lake", cwd=folder)
    assert "trim" in shown.stdout
    assert oreflow("episodes", "list", "--warehouse", "lake", cwd=folder).returncode == 0


def test_labels_and_profile_print_and_store_nothing(lake):
    folder, body = lake
    domain = body["domain"]
    labels = json.loads(oreflow("labels", f"{domain}/sales", "--json", "--warehouse", "lake", cwd=folder).stdout)
    assert all(0 <= r["coverage"] <= 1 for r in labels)
    before = sorted(p for p in folder.rglob("*"))
    profile = json.loads(oreflow("profile", "sales.csv", "--json", cwd=folder).stdout)
    assert {c["name"] for c in profile["columns"]} == {"id", "city", "amount"}
    assert sorted(p for p in folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["refine", "nowhere.csv"], 2, "nowhere.csv"),
        (["refine", "sales.csv", "--domain", "it_opps"], 2, 'did you mean "it_ops"'),
        (["refine", "sales.csv", "--agent", "nobody"], 2, "scripted"),
        (["refine", "sales.csv", "--engine", "spark"], 2, "engine"),
        (["refine", "sales.csv", "--colour", "red"], 2, "colour"),
        (["labels", "sales/nothing", "--warehouse", "lake"], 2, "silver table"),
        (["episodes", "show", "ep_none", "--warehouse", "lake"], 2, "episode"),
        (["bench", "repair", "."], 2, "dirty.csv"),
        (["refine", "sales.csv", "--warehouse", "sales.csv"], 2, "sales.csv"),
        (["refine", "postgresql://nobody@127.0.0.1:1/none?table=t"], 3, "127.0.0.1"),
    ],
)
def test_bad_input_gets_one_message_and_its_exit_code(lake, words, code, says):
    folder, _ = lake
    done = oreflow(*words, cwd=folder)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_refused_with_a_hint(tmp_path):
    (tmp_path / "oreflow.yaml").write_text("warehose: lake\n")
    done = oreflow("refine", cwd=tmp_path)
    assert done.returncode == 2
    assert 'did you mean "warehouse"' in done.stderr


def test_a_bad_contract_is_named_with_its_file(lake, tmp_path):
    folder, body = lake
    (tmp_path / f"{body['domain']}.sales.odcs.yaml").write_text("kind: [unclosed\n")
    done = oreflow("refine", "sales.csv", "--warehouse", "lake", "--contracts", tmp_path, cwd=folder)
    assert done.returncode == 2
    assert "odcs.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_flag_beats_the_environment_and_the_environment_beats_the_file(tmp_path):
    (tmp_path / "oreflow.yaml").write_text("sample_rows: 10\nrounds: 1\n")
    done = oreflow("config", "show", "--json", cwd=tmp_path, OREFLOW_SAMPLE_ROWS="20")
    shown = done.stdout
    assert done.returncode == 0, done.stderr
    assert "20" in shown
    assert "env" in shown.lower()


def test_help_comes_in_about_a_second_and_needs_no_vendor(tmp_path):
    code = (
        "import sys; sys.argv=['oreflow','--help']\n"
        "from oreflow.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch','great_expectations','snorkel','prefect') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"
