"""A user's project: what `init` makes works, its parts are found, and `doctor` and `config show` tell the truth."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

Answer = subprocess.CompletedProcess[str]


@pytest.fixture
def oreflow(tmp_path: Path) -> Callable[..., Answer]:
    """The command line in a folder, with nothing of ours in the environment but what a test gives."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OREFLOW_", "PREFECT_"))}

    def run(*arguments: str, cwd: Path = tmp_path, **variables: str) -> Answer:
        command = [Path(sys.executable).parent / "oreflow", *arguments]
        return subprocess.run(command, cwd=cwd, env={**clean, **variables}, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from oreflow.cli.new_project import make_project

    return make_project(tmp_path_factory.mktemp("projects") / "desk", "it_ops").folder


def inside(folder: Path, code: str) -> Any:
    """The JSON that a program prints when it runs in the folder, as discovery is per process."""
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_init_makes_the_plural_folders_a_contract_settings_and_a_sample(desk: Path) -> None:
    for part in ("agents", "domains", "labeling_functions", "quality_gates", "operations"):
        assert (desk / part / "example.py").is_file()
    assert (desk / "flows" / "refine.py").is_file()
    assert (desk / "environments").is_dir()
    assert yaml.safe_load((desk / "oreflow.yaml").read_text()) == {
        "warehouse": "lake", "contracts": "contracts", "domain": "it_ops",
    }  # fmt: skip
    assert pl.read_csv(desk / "incoming" / "tickets.csv", infer_schema=False).height >= 300


@pytest.mark.parametrize("domain", ["hr", "sales", "projects", "it_ops"])
def test_the_contract_of_a_new_project_is_its_domains(domain: str, tmp_path: Path) -> None:
    from oreflow import odcs
    from oreflow.cli.new_project import make_project
    from oreflow.domain import find_domain

    make_project(tmp_path / "desk", domain)
    promise = find_domain(domain).contract
    written = odcs.read_contract(tmp_path / "desk" / "contracts" / f"{domain}.{promise.table}.odcs.yaml")
    assert [c.name for c in written.columns] == [c.name for c in promise.columns]
    assert [(r.kind, r.column) for r in written.rules] == [(r.kind, r.column) for r in promise.rules]


def test_a_projects_parts_are_found_beside_the_built_in_ones(desk: Path) -> None:
    found = inside(
        desk,
        """
import json
from oreflow.agent import agents
from oreflow.contract import Column, Contract
from oreflow.domain import domains
from oreflow.gate_rules import rules_for
from oreflow.labeling import discover
from oreflow.operation import operations
promise = Contract(domain="general", table="t", columns=(Column(name="a"),))
print(json.dumps({
    "agents": [*agents()], "domains": [*domains()], "operations": [*operations()], "labels": [*discover()],
    "rules": [r.id for r in rules_for(promise, "silver")],
}))
""",
    )
    assert {"trimmer", "scripted"} <= set(found["agents"])
    assert {"equipment", "it_ops"} <= set(found["domains"])
    assert {"mask_digits", "trim"} <= set(found["operations"])
    assert {"typed_without_thought", "email_without_at"} <= set(found["labels"])
    assert {"half_filled:a", "dq_score"} <= set(found["rules"])


def test_a_projects_domain_generates_damages_and_enriches(desk: Path) -> None:
    found = inside(
        desk,
        """
import json, narwhals as nw, numpy as np, polars as pl
from oreflow.domain import find_domain
subject, rng = find_domain("equipment"), np.random.default_rng(1)
names = {c.name: c.name for c in subject.contract.columns}
clean = {n: subject.generate(rng, n) for n in (0, 1, 50)}
dirty = subject.damage(rng, clean[50])
prices = pl.DataFrame({"BoughtFor": [100.0, 9000.0, None]})
band = nw.from_native(prices).select(nw.col("BoughtFor"), b=subject.sources[0].expression(names)).to_native()
print(json.dumps([{n: t.columns for n, t in clean.items()}, dirty.height, band["b"].to_list()]))
""",
    )
    columns = ["MachineID", "MachineKind", "BoughtOn", "BoughtFor"]
    assert found[0] == {"0": columns, "1": columns, "50": columns}
    assert found[1] >= 50
    assert found[2] == ["low", "high", None]


def test_refine_inside_a_project_uses_its_contract_agent_and_gate(
    desk: Path, oreflow: Callable[..., Answer], tmp_path: Path
) -> None:
    from warehouse import Ledger

    machines = tmp_path / "machines.csv"
    rows = [f"M-{n:05d}, Pump ,2020-01-{n:02d},{400 * n}" for n in range(1, 29)]
    machines.write_text("\n".join(["MachineID,MachineKind,BoughtOn,BoughtFor", *rows]) + "\n")
    done = oreflow(
        "refine", str(machines), "--domain", "equipment", "--json", cwd=desk,
        OREFLOW_GATE_ROWS="0", OREFLOW_AGENTS='{"clean": "trimmer"}',
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    said = json.loads(done.stdout)
    assert said["rows"]["in"] == 28
    assert Path(said["tables"]["gold"]).is_relative_to(desk / "lake")
    gold = pl.read_delta(said["tables"]["gold"])
    assert set(gold["MachineKind"]) == {"Pump"}
    assert {(step["operation"], step["reason"]) for step in said["changed"]} >= {("trim", "Space is never meant.")}
    assert [g.passed for g in Ledger(desk / "lake").gates(rule="half_filled:BoughtFor")] == [True]


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = oreflow("init", str(tmp_path))
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert "--force" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_force_writes_what_is_missing_and_keeps_what_is_there(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    (tmp_path / "README.md").write_text("mine")
    done = oreflow("init", str(tmp_path), "--force", "--json")
    assert json.loads(done.stdout)["kept"] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "oreflow.yaml").is_file()


def test_an_unknown_domain_is_named_with_the_nearest_one(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    done = oreflow("init", str(tmp_path / "desk"), "--domain", "itops")
    assert done.returncode == 2
    assert 'no domain "itops"; did you mean "it_ops"?' in done.stderr
    assert not (tmp_path / "desk").exists()


def test_doctor_finds_nothing_wrong_with_a_new_project(desk: Path, oreflow: Callable[..., Answer]) -> None:
    done = oreflow("doctor", "--json", cwd=desk)
    said = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0
    assert said["settings"]["found"] == str(desk / "oreflow.yaml")
    assert said["contracts"]["found"].endswith(f" in {desk / 'contracts'}")
    assert said["prefect"]["verdict"] == "ok"


def test_doctor_names_each_fault_with_its_fix_and_exits_3(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    (tmp_path / "oreflow.yaml").write_text("contracts: promises\n")
    (tmp_path / "promises").mkdir()
    (tmp_path / "promises" / "hr.people.odcs.yaml").write_text("schema: 7\n")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "ledger.sqlite").write_text("no database")
    done = oreflow("doctor", "--json", PREFECT_API_URL="http://127.0.0.1:9/api")
    said = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 3
    for name in ("contracts", "parts", "ledger", "prefect"):
        assert said[name]["verdict"] == "fail", name
        assert said[name]["fix"]
    assert "broken.py" in said["parts"]["found"]
    assert "Traceback" not in done.stderr


def test_doctor_reports_settings_that_cannot_be_read(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    (tmp_path / "oreflow.yaml").write_text("warehuose: lake\n")
    done = oreflow("doctor")
    assert done.returncode == 3
    assert "warehouse" in done.stdout


def test_config_show_says_where_each_value_comes_from(tmp_path: Path, oreflow: Callable[..., Answer]) -> None:
    (tmp_path / "oreflow.yaml").write_text("engine: pandas\nsample_rows: 10\n")
    done = oreflow("config", "show", "--domain", "hr", "--json", OREFLOW_SAMPLE_ROWS="20")
    said = json.loads(done.stdout)
    assert said["domain"] == {"value": "hr", "origin": "flag"}
    assert said["sample_rows"] == {"value": 20, "origin": "environment"}
    assert said["engine"] == {"value": "pandas", "origin": "file"}
    assert said["rounds"]["origin"] == "default"


def test_config_show_resolved_gives_whole_paths_and_each_stages_agent(
    tmp_path: Path, oreflow: Callable[..., Answer]
) -> None:
    (tmp_path / "oreflow.yaml").write_text("agents: {clean: trimmer}\n")
    (tmp_path / "below").mkdir()
    said = json.loads(oreflow("config", "show", "--resolved", "--json", cwd=tmp_path / "below").stdout)
    assert said["warehouse"]["value"] == str(tmp_path / "lake")
    assert said["contracts"]["value"] == str(tmp_path / "lake" / "contracts")
    assert said["agents"]["value"] == {"ingest": "scripted", "clean": "trimmer", "enrich": "scripted"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [("warehuose: lake\n", 'did you mean "warehouse"'), ("engine: spark\n", "polars"), ("- a\n", "oreflow.yaml")],
)
def test_a_setting_that_cannot_be_used_is_named_with_a_hint(
    text: str, hint: str, tmp_path: Path, oreflow: Callable[..., Answer]
) -> None:
    (tmp_path / "oreflow.yaml").write_text(text)
    done = oreflow("config", "show")
    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_the_command_line_lies_where_the_user_stands(
    tmp_path: Path, oreflow: Callable[..., Answer]
) -> None:
    (tmp_path / "oreflow.yaml").write_text("contracts: promises\n")
    below = tmp_path / "below"
    below.mkdir()
    said = json.loads(oreflow("config", "show", "--warehouse", "here", "--resolved", "--json", cwd=below).stdout)
    assert said["warehouse"]["value"] == str(below / "here")
    assert said["contracts"]["value"] == str(tmp_path / "promises")


def test_a_plain_folder_never_stands_in_for_the_built_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from oreflow import plugins
    from oreflow.errors import ConfigError

    (tmp_path / "oddments").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="hides Oreflow's own oddments"):
        list(plugins.modules("oddments"))
