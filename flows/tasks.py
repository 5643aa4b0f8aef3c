"""Tasks: one per stage. They pass references, never frames, and find everything else by the run's id.

So a task may be tried again, or run in another process: only an `InfrastructureError` is worth trying again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypedDict

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel, ConfigDict

from oreflow.errors import InfrastructureError, OreflowError
from oreflow.run import RunRecord, Status, TableRef
from oreflow.settings import Settings
from stages.refine import Refinery

PATIENCE = 6 * 3600.0  # seconds that a run waits for the one before it on the same table


class RunRef(BaseModel):
    """What a task hands to the next: the run, how it stands, and the versions that it made so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    domain: str
    table: str
    status: Status
    tables: dict[str, TableRef]


class Retrying(TypedDict):
    """The options of every task."""

    retries: int
    retry_delay_seconds: list[float]
    retry_condition_fn: Any
    cache_policy: Any


State: TypeAlias = Any  # Prefect's own


def did_not_answer(task: Any, run: Any, state: State) -> bool:
    """Whether a task failed for want of a store or a server, which may answer the next time."""
    return isinstance(state.result(raise_on_failure=False), InfrastructureError)


RETRYING = Retrying(
    retries=2, retry_delay_seconds=[2.0, 10.0], retry_condition_fn=did_not_answer, cache_policy=NO_CACHE
)


@task(name="bronze", **RETRYING)  # type: ignore[untyped-decorator]
def bronze(source: str, table: str | None, settings: Settings) -> RunRef:
    """Read the source and keep every row as read."""
    return _reference(_refinery(settings).bronze(source, table=table))


@task(name="silver", **RETRYING)  # type: ignore[untyped-decorator]
def silver(run: RunRef, settings: Settings) -> RunRef:
    """Clean, judge and publish silver and its quarantine."""
    return _reference(_refinery(settings).silver(record_of(run, settings)))


@task(name="gold", **RETRYING)  # type: ignore[untyped-decorator]
def gold(run: RunRef, settings: Settings) -> RunRef:
    """Enrich, judge and publish gold."""
    return _reference(_refinery(settings).gold(record_of(run, settings)))


@task(name="report", **RETRYING)  # type: ignore[untyped-decorator]
def report(run: RunRef, settings: Settings) -> RunRef:
    """Write the report and close the run."""
    return _reference(_refinery(settings).finish(record_of(run, settings)))


def record_of(run: RunRef, settings: Settings) -> RunRecord:
    """The run as the ledger has it."""
    return Refinery(settings).warehouse.ledger.run(run.run)


@contextmanager
def alone_on_its_table(run: RunRef, settings: Settings) -> Iterator[None]:
    """Wait until no other run works on the table; a refusal inside closes the run in the ledger and goes on up."""
    refinery = Refinery(settings)
    try:
        with refinery.alone(run.domain, run.table, run.run, patience=PATIENCE):
            yield
    except OreflowError as refused:
        refinery.fail(record_of(run, settings), refused)
        raise


class _Log:
    """Tells the run page how the work goes on."""

    def __init__(self) -> None:
        self._logger = get_run_logger()

    def stage(self, name: str) -> None:
        self._logger.info("%s begins", name)

    def turn(self, text: str) -> None:
        self._logger.info("%s", text)


def _refinery(settings: Settings) -> Refinery:
    return Refinery(settings, watcher=_Log())


def _reference(record: RunRecord) -> RunRef:
    return RunRef(
        run=record.run, domain=record.domain, table=record.table, status=record.status, tables=record.versions
    )
