"""The deployments on a real Prefect server with a real worker: `prefect.yaml` as a user would use it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from oreflow import odcs
from oreflow.contract import Column, Contract, Rule

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
PATIENCE = 240.0


@dataclass(frozen=True)
class Server:
    """A server with both pools and a worker; `env` is what its clients need."""

    url: str
    env: Mapping[str, str]
    log: Path

    def command(self, *arguments: str, cwd: Path = ROOT) -> str:
        """What a command line prints."""
        done = subprocess.run(
            [BIN / arguments[0], *arguments[1:]],
            cwd=cwd,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the server's API; on SQLite a busy server says 503 and means "again, please"."""
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = httpx.request(method, f"{self.url}{path}", json=body, timeout=60)
            if reply.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return reply.raise_for_status().json()
            time.sleep(1)

    def run(self, deployment: str, parameters: Mapping[str, Any]) -> Any:
        """Start a deployment with these parameters and return the flow run when it has ended."""
        found = self.ask("GET", f"/deployments/name/refine/{deployment}")
        made = self.ask("POST", f"/deployments/{found['id']}/create_flow_run", {"parameters": dict(parameters)})
        wait_for(lambda: self.ask("GET", f"/flow_runs/{made['id']}")["state"]["type"] in FINAL, self.log)
        return self.ask("GET", f"/flow_runs/{made['id']}")


def wait_for(claim: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s; the logs end with\n{log.read_text()[-4000:]}"
        time.sleep(1)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("prefect")
    port = a_free_port()
    url = f"http://127.0.0.1:{port}/api"
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "OREFLOW_"))},
        "PREFECT_HOME": str(home), "PREFECT_API_URL": url, "PREFECT_WORKER_QUERY_SECONDS": "1", "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    log = home / "log.txt"

    def start(*arguments: str) -> None:
        with log.open("ab") as out:
            started.append(
                subprocess.Popen(
                    [BIN / "prefect", *arguments], env=env, stdout=out, stderr=out, cwd=home, start_new_session=True
                )
            )

    try:
        start("server", "start", "--host", "127.0.0.1", "--port", str(port))
        wait_for(lambda: answers(url), log)
        made = Server(url, env, log)
        for pool in ("oreflow", "oreflow-gpu"):
            made.command("prefect", "work-pool", "create", pool, "--type", "process")
        start("worker", "start", "--pool", "oreflow")
        yield made
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def deployed(server: Server) -> Server:
    server.command("prefect", "--no-prompt", "deploy", "--all")
    return server


def a_csv(folder: Path) -> str:
    path = folder / "books.csv"
    path.write_text("isbn,copies\n" + "".join(f"B-{n:03d},{n % 7}\n" for n in range(1, 31)))
    return str(path)


def test_every_deployment_is_there_with_its_schedule_and_one_run_at_a_time(deployed: Server) -> None:
    found = {d["name"]: d for d in deployed.ask("POST", "/deployments/filter", {})}
    nightly = {"refine-hr", "refine-sales", "refine-projects", "refine-it-ops"}
    assert set(found) == nightly | {"refine", "refine-gpu"}
    for name in nightly:
        assert [s["schedule"]["timezone"] for s in found[name]["schedules"]] == ["UTC"]
        assert found[name]["global_concurrency_limit"]["limit"] == 1
    assert found["refine-gpu"]["work_pool_name"] == "oreflow-gpu"
    assert found["refine"]["parameter_openapi_schema"]["required"] == ["source"]


def test_a_run_with_changed_parameters_completes_and_its_gold_is_on_disk(deployed: Server, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    ended = deployed.run(
        "refine",
        {"source": a_csv(tmp_path), "table": "shelf", "warehouse": str(lake), "options": {"gate_rows": 0}},
    )
    assert ended["state"]["type"] == "COMPLETED", deployed.log.read_text()[-4000:]
    assert pl.read_delta(str(lake / "gold" / "general" / "shelf")).height == 30
    keys = {a["key"] for a in deployed.ask("POST", "/artifacts/filter", {})}
    assert {"gate-general-shelf", "score-general-shelf", "report-general-shelf", "refine-progress"} <= keys


def test_data_that_breaks_its_contract_ends_as_gate_failed(deployed: Server, tmp_path: Path) -> None:
    many = Rule(id="many", kind="row_count", arguments={"min": 1000}, severity="critical")
    columns = (Column(name="isbn", role="id"), Column(name="copies", type="integer", role="quantity"))
    promise = Contract(domain="general", table="books", columns=columns, key=("isbn",), rules=(many,))
    odcs.write_contract(promise, tmp_path / "contracts" / "general.books.odcs.yaml")
    lake = tmp_path / "lake"
    ended = deployed.run(
        "refine",
        {
            "source": a_csv(tmp_path),
            "domain": None,
            "warehouse": str(lake),
            "options": {"gate_rows": 0, "contracts": str(tmp_path / "contracts")},
        },
    )
    assert ended["state"]["type"] == "FAILED", deployed.log.read_text()[-4000:]
    assert ended["state"]["name"] == "GateFailed"
    assert not (lake / "gold").exists()


def test_the_command_line_runs_on_the_configured_server(deployed: Server, tmp_path: Path) -> None:
    before = deployed.ask("POST", "/flow_runs/count", {})
    said = deployed.command(
        "oreflow", "refine", a_csv(tmp_path), "--warehouse", str(tmp_path / "lake"), "--json", cwd=tmp_path
    )
    assert '"status": "ok"' in said
    assert deployed.ask("POST", "/flow_runs/count", {}) == before + 1


def test_a_users_project_deploys_and_runs_with_its_own_parts(server: Server, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    server.command("oreflow", "init", str(desk), "--domain", "sales")
    server.command("prefect", "--no-prompt", "deploy", "--name", "refine", cwd=desk)
    machines = "MachineID,MachineKind,BoughtOn,BoughtFor\n" + "".join(
        f"M-{n:05d},Pump,2020-01-{n:02d},{400 * n}\n" for n in range(1, 29)
    )
    (desk / "incoming" / "machines.csv").write_text(machines)
    ended = server.run(
        "refine", {"source": "incoming/machines.csv", "domain": "equipment", "options": {"gate_rows": 0}}
    )
    assert ended["state"]["type"] == "COMPLETED", server.log.read_text()[-4000:]
    gold = pl.read_delta(str(desk / "lake" / "gold" / "equipment" / "machines"))
    assert set(gold.get_column("value_band")) == {"high", "low"}
