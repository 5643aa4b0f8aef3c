"""The refine flow on Prefect's own test server: its states, its artifacts, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oreflow import odcs, settings
from oreflow.contract import Column, Contract, Rule
from oreflow.errors import UnknownName

pytestmark = pytest.mark.slow  # the test server takes ten seconds and more to start

BOOKS = "isbn,copies\n" + "".join(f"B-{n:03d},{n % 7}\n" for n in range(1, 31))
QUICK = {"gate_rows": 0, "domain": "general"}  # the engine judges: Great Expectations takes seconds to import


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> Iterator[None]:
    import flows  # noqa: F401  quiet before Prefect is imported

    # isort: split
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness():
        yield


def a_csv(folder: Path) -> str:
    path = folder / "books.csv"
    path.write_text(BOOKS)
    return str(path)


def a_contract(folder: Path, rule: Rule) -> Path:
    columns = (Column(name="isbn", role="id"), Column(name="copies", type="integer", role="quantity"))
    odcs.write_contract(
        Contract(domain="general", table="books", columns=columns, key=("isbn",), rules=(rule,)),
        folder / "general.books.odcs.yaml",
    )
    return folder


def run_flow(folder: Path, **parameters: Any) -> Any:
    from flows.refine import refine

    options = {**QUICK, "contracts": parameters.pop("contracts", None)}
    return refine(a_csv(folder), warehouse=str(folder / "lake"), options=options, return_state=True, **parameters)


def artifacts(key: str) -> list[Any]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))


def test_a_clean_source_completes_and_its_gold_is_on_disk(tmp_path: Path) -> None:
    state = run_flow(tmp_path)
    assert state.type == "COMPLETED"
    reference = state.result()
    assert set(reference.tables) >= {"bronze", "silver", "gold", "quarantine"}
    assert (tmp_path / "lake" / "gold" / "general" / "books" / "_delta_log").is_dir()


def test_the_run_page_shows_gates_score_report_and_progress(tmp_path: Path) -> None:
    run_flow(tmp_path, table="shown")
    gate = artifacts("gate-general-shown")[0]
    assert {"layer", "rule", "severity", "verdict", "failing rows"} <= set(json.loads(gate.data)[0])
    assert "| silver |" in artifacts("score-general-shown")[0].data
    assert ".html" in artifacts("report-general-shown")[0].data
    assert {artifact.data for artifact in artifacts("refine-progress")} >= {100.0}


def test_a_failed_critical_gate_is_the_state_gate_failed_and_nothing_is_published(tmp_path: Path) -> None:
    many = Rule(id="many", kind="row_count", arguments={"min": 1000}, severity="critical")
    state = run_flow(tmp_path, contracts=str(a_contract(tmp_path / "contracts", many)))
    assert (state.type, state.name) == ("FAILED", "GateFailed")
    assert "many" in state.message
    assert not (tmp_path / "lake" / "silver" / "general" / "books" / "_delta_log").exists()


def test_a_failed_warning_completes_under_its_own_name(tmp_path: Path) -> None:
    many = Rule(id="many", kind="row_count", arguments={"min": 1000}, severity="warning")
    state = run_flow(tmp_path, contracts=str(a_contract(tmp_path / "contracts", many)))
    assert (state.type, state.name) == ("COMPLETED", "Completed (warnings)")
    assert "silver: many" in state.message


def test_the_library_gets_the_record_of_a_run_whose_gate_failed(tmp_path: Path) -> None:
    from flows.refine import run

    many = Rule(id="many", kind="row_count", arguments={"min": 1000}, severity="critical")
    contracts = a_contract(tmp_path / "contracts", many)
    record = run(a_csv(tmp_path), settings.load(warehouse=tmp_path / "lake", contracts=contracts, **QUICK))
    assert record.status == "failed_gate"
    assert record.report is not None
    assert Path(record.report).is_file()


def test_a_refusal_reaches_the_caller_as_itself(tmp_path: Path) -> None:
    from flows.refine import run

    with pytest.raises(UnknownName, match='no domain "it_opps"; did you mean "it_ops"'):
        run(a_csv(tmp_path), settings.load(warehouse=tmp_path / "lake", domain="it_opps"))
