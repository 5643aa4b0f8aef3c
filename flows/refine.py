"""The refine flow: bronze, silver, gold and the report of one source, each a task, with its state told by the gates."""

import flows  # noqa: F401  quiet before Prefect is imported

# isort: split
import sys
from typing import Annotated, Any

import httpx
from prefect import flow
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Completed, Failed, State
from pydantic import Field

from flows.artifacts import Progress, show_run
from flows.tasks import RunRef, alone_on_its_table, bronze, gold, record_of, report, silver
from oreflow import settings
from oreflow.agent import agents
from oreflow.domain import domains
from oreflow.errors import InfrastructureError
from oreflow.run import RunRecord
from oreflow.settings import Settings
from oreflow.tables import Engine

GATE_FAILED, WARNED = "GateFailed", "Completed (warnings)"

# Plain text with the known names as choices in the form: a project's own domain or agent is as good as a built-in one.
DomainName = Annotated[str, Field(json_schema_extra={"enum": sorted(domains())})]
AgentName = Annotated[str, Field(json_schema_extra={"enum": sorted(agents())})]


@flow(name="refine")  # type: ignore[untyped-decorator]
def refine(
    source: str,
    domain: DomainName | None = None,
    table: str | None = None,
    warehouse: str | None = None,
    agent: AgentName | None = None,
    engine: Engine | None = None,
    options: dict[str, Any] | None = None,
) -> State[RunRef]:
    """Turn a messy source into bronze, silver and gold behind gates; a failed critical gate is `GateFailed`.

    The form of a deployment shows these words; an empty field means: as in oreflow.yaml.

    Args:
        source: A file (csv, xlsx, jsonl, parquet, sqlite) or a database URL; it is shown: keep passwords in PGPASSWORD.
        domain: Business domain; empty: guessed from the columns.
        table: Name of the table; empty: from the file's name.
        warehouse: Folder of the layers.
        agent: The agent for every stage.
        engine: What replays recipes.
        options: Any other setting by name, for example {"sample_rows": 20000}.
    """
    chosen = settings.load(
        **{"domain": domain, "warehouse": warehouse, "agent": agent, "engine": engine, **(options or {})}
    )
    progress = Progress()
    progress.at("bronze")
    run = bronze(source, table, chosen)
    with alone_on_its_table(run, chosen):
        progress.at("silver")
        run = silver(run, chosen)
        if run.status == "running":
            progress.at("gold")
            run = gold(run, chosen)
    progress.at("report")
    run = report(run, chosen)
    record = record_of(run, chosen)
    show_run(record)
    progress.at("done")
    return ending(run, record)


def ending(run: RunRef, record: RunRecord) -> State[RunRef]:
    """The flow's last state: `GateFailed`, `Completed (warnings)` or `Completed`."""
    if record.status == "failed_gate":
        return Failed(name=GATE_FAILED, message=record.message, data=run)
    warned = [f"{g.layer}: {r.rule}" for g in record.gates for r in g.results if not r.passed]
    if warned:
        return Completed(name=WARNED, message=f"published; not as promised: {', '.join(warned)}", data=run)
    return Completed(message=f"published {', '.join(str(ref) for ref in run.tables.values())}", data=run)


def run(source: str, chosen: Settings, *, table: str | None = None) -> RunRecord:
    """Refine as a flow run on the configured server, or on a temporary one; the record, also where a gate failed."""
    given = chosen.model_dump(mode="json", exclude={"prefect"})
    named = {key: given.pop(key) for key in ("domain", "warehouse", "agent", "engine")}
    _need_server()
    try:
        outcome = refine(source, table=table, options=given, **named, return_state=True).result(raise_on_failure=False)
        if isinstance(outcome, BaseException):
            raise outcome
    except (httpx.TransportError, PrefectHTTPStatusError) as error:
        raise InfrastructureError(_unreachable(error)) from error
    return record_of(outcome, chosen)


def _need_server() -> None:
    """A configured server must answer before anything is begun."""
    from prefect.client.orchestration import get_client

    if settings.prefect_server() is None:
        return
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if error is not None:
        raise InfrastructureError(_unreachable(error))


def _unreachable(error: Exception) -> str:
    return (
        f"the Prefect server at PREFECT_API_URL={settings.prefect_server()} did not answer ({error}). Start it with "
        "`prefect server start`, correct the address, or unset PREFECT_API_URL to run without a server."
    )


def main() -> int:
    """Refine the embedded default and print the summary; 1 where a gate failed."""
    from rich.console import Console

    from oreflow.reports.terminal import show
    from stages.demo import TABLE, demo_source

    source, chosen = demo_source(settings.load())
    record = run(source, chosen, table=TABLE)
    show(record, Console())
    return 1 if record.status == "failed_gate" else 0


if __name__ == "__main__":
    sys.exit(main())
