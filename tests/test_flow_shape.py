"""What holds of the flows and of `prefect.yaml` without starting a server."""

import ast
import inspect
import subprocess
import sys
import threading
import time
import typing
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = {"flows", "stages", "agents", "oreflow", "prefect", "pydantic", "httpx", "rich"} | sys.stdlib_module_names
TASKS = ("bronze", "silver", "gold", "report")


def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def deployments() -> dict[str, Any]:
    listed = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    return {deployment["name"]: deployment for deployment in listed}


@pytest.mark.parametrize("path", sorted((ROOT / "flows").glob("*.py")), ids=lambda path: path.name)
def test_a_flow_imports_only_stages_agents_and_the_library(path: Path) -> None:
    assert imports(path) <= ALLOWED


def test_nothing_outside_flows_imports_prefect() -> None:
    folders = (
        "oreflow",
        "stages",
        "agents",
        "warehouse",
        "domains",
        "quality_gates",
        "labeling_functions",
        "environments",
    )
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if "prefect" in imports(path)] == []


@pytest.mark.parametrize("name", TASKS)
def test_a_task_takes_and_returns_references_never_frames(name: str) -> None:
    from flows import tasks
    from flows.tasks import RunRef
    from oreflow.settings import Settings

    hints = typing.get_type_hints(getattr(tasks, name).fn)
    assert hints.pop("return") is RunRef
    assert set(hints.values()) <= {RunRef, Settings, str, typing.Optional[str]}  # noqa: UP045


def test_a_reference_is_small_plain_json() -> None:
    from flows.tasks import RunRef
    from oreflow.run import TableRef

    tables = {"bronze": TableRef(layer="bronze", domain="hr", table="people", version=3)}
    reference = RunRef(run="run_1", domain="hr", table="people", status="running", tables=tables)
    assert RunRef.model_validate_json(reference.model_dump_json()) == reference


@pytest.mark.parametrize(
    ("error", "again"),
    [("InfrastructureError", True), ("SourceError", False), ("ConfigError", False), ("GateFailed", False)],
)
def test_only_a_store_or_server_that_did_not_answer_is_tried_again(error: str, again: bool) -> None:
    from prefect.states import Failed

    from flows.tasks import did_not_answer
    from oreflow import errors

    assert did_not_answer(None, None, Failed(data=getattr(errors, error)("told so"))) is again


def test_artifact_keys_use_only_what_prefect_allows() -> None:
    from flows.artifacts import artifact_key

    assert artifact_key("gate", "it_ops", "Tickets 2024 (é)") == "gate-it-ops-tickets-2024"


@pytest.mark.parametrize("name", sorted(deployments()))
def test_a_deployment_gives_only_parameters_that_the_flow_has(name: str) -> None:
    from flows.refine import refine

    parameters = inspect.signature(refine.fn).parameters
    deployment = deployments()[name]
    assert set(deployment["parameters"]) <= set(parameters)
    assert deployment["entrypoint"] == "flows/refine.py:refine"
    assert deployment["work_pool"]["name"] in ("oreflow", "oreflow-gpu")


def test_every_built_in_domain_is_refined_on_a_schedule_one_run_at_a_time() -> None:
    from oreflow.domain import domains

    scheduled = {d["parameters"]["domain"]: d for d in deployments().values() if "schedules" in d}
    assert set(scheduled) == {name for name, domain in domains().items() if domain.contract.domain == name}
    for name, deployment in scheduled.items():
        assert deployment["name"] == f"refine-{name.replace('_', '-')}"
        assert {"cron", "timezone"} <= set(deployment["schedules"][0])
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        assert deployment["parameters"]["table"] == domains()[name].contract.table


def test_importing_the_flows_tells_prefect_not_to_phone_home() -> None:
    asked = "import os, flows; print(os.environ['DO_NOT_TRACK'], os.environ['PREFECT_SERVER_ANALYTICS_ENABLED'])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env={"PATH": ""}, check=True)
    assert done.stdout.split() == ["1", "false"]


def test_a_server_that_does_not_answer_is_named_with_the_fix(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from oreflow.cli import main; main()", "refine", "--warehouse", str(tmp_path)]
    env = {"PATH": "", "HOME": str(tmp_path), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 3
    assert "PREFECT_API_URL=http://127.0.0.1:9/api did not answer" in done.stderr
    assert "Traceback" not in done.stderr


def a_run(lake: Path) -> Any:
    """A run that the ledger knows as running, and the reference to it."""
    from datetime import UTC, datetime

    from flows.tasks import RunRef
    from oreflow.run import RunRecord
    from warehouse import Warehouse

    started = datetime(2026, 1, 2, tzinfo=UTC)
    record = RunRecord(run="run_1", domain="hr", table="people", source="people.csv", started=started)
    Warehouse(lake).ledger.start_run(record)
    return RunRef(run="run_1", domain="hr", table="people", status="running", tables={})


def test_a_run_waits_for_the_one_before_it_on_the_same_table(tmp_path: Path) -> None:
    from flows.tasks import alone_on_its_table
    from oreflow import settings
    from warehouse import Warehouse

    reference, chosen = a_run(tmp_path), settings.load(warehouse=tmp_path)
    first = Warehouse(tmp_path).ledger.lock("hr", "people", "run_0")
    first.__enter__()
    released: list[float] = []
    timer = threading.Timer(0.5, lambda: (released.append(time.monotonic()), first.__exit__(None, None, None)))
    timer.start()
    with alone_on_its_table(reference, chosen):
        assert released
        assert time.monotonic() >= released[0]


def test_a_refusal_inside_a_stage_closes_the_run_in_the_ledger(tmp_path: Path) -> None:
    from flows.tasks import alone_on_its_table, record_of
    from oreflow import settings
    from oreflow.errors import BudgetSpent

    reference, chosen = a_run(tmp_path), settings.load(warehouse=tmp_path)
    with pytest.raises(BudgetSpent), alone_on_its_table(reference, chosen):
        raise BudgetSpent("too many cells")
    record = record_of(reference, chosen)
    assert (record.status, record.message) == ("budget_spent", "too many cells")
