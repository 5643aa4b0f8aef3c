"""Refine: bronze, silver and gold of one source, one after the other, with one record that the ledger keeps.

Each method is one task: it takes the run's record, works on table references and leaves the record in the ledger, so
that a flow may run it in another process. A layer is published only if its gate passed and its rows add up.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from oreflow import odcs
from oreflow.agent import Agent, make_agent
from oreflow.contract import Contract
from oreflow.domain import domains
from oreflow.episode import Episode, Turn
from oreflow.errors import BudgetSpent, InfrastructureError, OreflowError, store_failed
from oreflow.gate_gx import write_suites
from oreflow.run import RunRecord, TableRef, Verdict
from oreflow.settings import Settings
from oreflow.structure import with_structure
from stages import beginning, bronze, gold, silver
from stages.promises import require_columns
from stages.watching import Silent, Watcher
from warehouse import Conservation, Warehouse

PATIENCE = 60.0  # seconds that a run waits for another one on the same table


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Refinery:
    """Refines sources into one warehouse."""

    def __init__(
        self,
        settings: Settings,
        *,
        watcher: Watcher | None = None,
        now: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
    ) -> None:
        self.settings = settings
        self.warehouse = Warehouse(settings.warehouse)
        self.watcher = watcher or Silent()
        self.now = now
        self.patience = patience

    def refine(self, source: str, *, table: str | None = None) -> RunRecord:
        """The whole way; a gate that failed ends it with status `failed_gate`, any other refusal is raised."""
        record = self.bronze(source, table=table)
        try:
            with self.alone(record.domain, record.table, record.run):
                for stage in (self.silver, self.gold):
                    record = stage(record)
                    if record.status != "running":
                        break
        except OreflowError as refused:
            self.fail(record, refused)
            raise
        finally:
            if record.status == "running":  # stopped by a person, or by a fault of ours
                self.fail(record, OreflowError("the run was stopped before it could end."))
        return self.finish(record)

    @contextmanager
    def alone(self, domain: str, table: str, run: str, *, patience: float | None = None) -> Iterator[None]:
        """Work on the table as the only run, after those before it; what a killed run left behind is closed first."""
        wait = self.patience if patience is None else patience
        with self.warehouse.ledger.lock(domain, table, run, wait=wait, on_wait=self.watcher.turn):
            for dead in self.warehouse.ledger.abandoned(domain, table):
                dead.status, dead.message = "failed", "the process ended before the run did"
                self.warehouse.discard(dead.run)
                self.warehouse.ledger.finish_run(dead)
            try:
                yield
            except OSError as error:
                raise store_failed(error) from error

    def bronze(self, source: str, *, table: str | None = None) -> RunRecord:
        """Read the source and keep every row as read; the first thing that touches the warehouse."""
        self.watcher.stage("bronze")
        beginning.check(source, table=table, settings=self.settings)
        started, clock = self.now(), time.perf_counter()
        result = bronze.ingest(
            source, warehouse=self.warehouse, agent=self._agent("ingest"), domain=self.settings.domain, table=table,
            now=self.now, max_steps=self.settings.max_steps, on_turn=self._turn,
        )  # fmt: skip
        record = RunRecord(
            run=f"run_{started:%Y%m%dT%H%M%S}_{secrets.token_hex(3)}", domain=result.ref.domain, table=result.table,
            source=result.source, started=started,
        )  # fmt: skip
        record.rows.in_ = result.rows
        record.reading = {
            **result.recipe.model_dump(mode="json"),
            "content_hash": result.content_hash,
            "new": result.new,
        }
        record.versions["bronze"] = result.ref
        record.tables["bronze"] = str(self.warehouse.path(result.ref))
        if result.episode is not None:
            self._keep_episode(record, result.episode)
            record.agents["ingest"] = result.episode.agent
        record.timings["bronze"] = time.perf_counter() - clock
        self.warehouse.ledger.start_run(record)
        return record

    def silver(self, record: RunRecord) -> RunRecord:
        """Clean, judge and publish silver and its quarantine."""
        self.watcher.stage("silver")
        clock = time.perf_counter()
        batch, contract = self._batch(record), self._contract(record)
        if contract is not None:
            names = batch.collect_schema().names()
            require_columns(contract, names, self.contract_path(record.domain, record.table))
        result = silver.clean(
            batch, warehouse=self.warehouse, agent=self._agent("clean"), contract=contract,
            domain=record.domain, table=record.table, run=record.run, settings=self.settings, now=self.now,
            on_episode=lambda episode: self._keep_episode(record, episode), on_turn=self._turn,
        )  # fmt: skip
        record.agents["clean"] = result.episodes[-1].agent
        record.rows, record.steps, record.columns = result.rows, result.steps, result.columns
        record.labels, record.quarantine, record.quarantine_examples = (
            result.labels,
            result.reasons,
            result.reason_examples,
        )
        record.recipe = result.recipe.model_dump(mode="json")
        record.score["silver"] = result.score
        verdict = with_structure(result.verdict, result.silver.scan(), result.contract, "silver")
        record.gates.append(verdict)
        if self._passed(record, verdict):
            refs = self.warehouse.publish(
                [result.quarantine, result.silver], run=record.run, expected=Conservation.of(result.rows)
            )
            self._published(record, refs)
            self.warehouse.ledger.save_recipe(record.domain, record.table, result.recipe.to_json())
            self._keep_contract(record, result.contract)
        record.timings["silver"] = time.perf_counter() - clock
        self.warehouse.ledger.finish_run(record)
        return record

    def gold(self, record: RunRecord) -> RunRecord:
        """Enrich, judge and publish gold; answer the contract's questions from it."""
        self.watcher.stage("gold")
        clock = time.perf_counter()
        contract = self._contract(record)
        if contract is None:
            raise InfrastructureError(
                f"the contract of {record.domain}/{record.table} is gone; refine the source again."
            )
        result = gold.enrich(
            record.versions["silver"], contract, warehouse=self.warehouse, agent=self._agent("enrich"), run=record.run,
            now=self.now, settings=self.settings, on_turn=self._turn,
        )  # fmt: skip
        for episode in result.episodes:
            self._keep_episode(record, episode)
        record.agents["enrich"] = result.episode.agent
        record.steps.extend(result.steps)
        record.fields_added, record.answers = list(result.fields_added), list(result.answers)
        verdict = with_structure(result.verdict, result.staged.scan(), contract, "gold")
        record.gates.append(verdict)
        record.score["gold"] = {
            "before": record.score.get("silver", {}).get("after", 0.0), "after": result.verdict.score.get("score", 0.0),
        }  # fmt: skip
        if self._passed(record, verdict):
            self._published(
                record, self.warehouse.publish([*result.aggregates.values(), result.staged], run=record.run)
            )
            record.status = "ok"
        record.timings["gold"] = time.perf_counter() - clock
        self.warehouse.ledger.finish_run(record)
        return record

    def finish(self, record: RunRecord) -> RunRecord:
        """Write the report and close the run."""
        from oreflow.reports.html import write_report

        self.watcher.stage("report")
        self.warehouse.discard(record.run)
        record.seconds = (self.now() - record.started).total_seconds()
        folder = self.settings.warehouse / "reports" / record.domain / record.table
        record.report = str(folder / f"{record.run}.html")
        folder.mkdir(parents=True, exist_ok=True)
        write_report(record, Path(record.report))
        self.warehouse.ledger.finish_run(record)
        return record

    def fail(self, record: RunRecord, refused: OreflowError) -> None:
        """Close a run that could not go on; nothing staged is left."""
        record.status = "budget_spent" if isinstance(refused, BudgetSpent) else "failed"
        record.message = str(refused)
        record.seconds = (self.now() - record.started).total_seconds()
        self.warehouse.discard(record.run)
        self.warehouse.ledger.finish_run(record)

    def _agent(self, stage: str) -> Agent:
        return make_agent(self.settings.agents.get(stage, self.settings.agent), stage)

    def _turn(self, turn: Turn) -> None:
        self.watcher.turn(f"{turn.action.get('operation')} {turn.action.get('column', '')}: {turn.result}")

    def _keep_episode(self, record: RunRecord, episode: Episode) -> None:
        episode.run, episode.table = record.run, f"{record.domain}/{record.table}"
        self.warehouse.episodes.save(episode)
        record.episodes.append(episode.id)

    def _batch(self, record: RunRecord) -> pl.LazyFrame:
        return self.warehouse.bronze_batch(record.versions["bronze"], str(record.reading["content_hash"]))

    def _passed(self, record: RunRecord, verdict: Verdict) -> bool:
        if verdict.passed:
            return True
        failed = [r.rule for r in verdict.results if r.severity == "critical" and not r.passed]
        record.status = "failed_gate"
        record.message = (
            f"the {verdict.layer} gate failed: {', '.join(failed)}; nothing of {verdict.layer} was published."
        )
        return False

    def _published(self, record: RunRecord, refs: dict[str, TableRef]) -> None:
        for ref in refs.values():
            name = ref.layer if ref.table == record.table else f"{ref.layer}:{ref.table}"
            record.versions[name] = ref
            record.tables[name] = str(self.warehouse.path(ref))

    def contract_path(self, domain: str, table: str) -> Path:
        """Where the table's contract lives."""
        return beginning.contracts_folder(self.settings) / f"{domain}.{table}.odcs.yaml"

    def _contract(self, record: RunRecord) -> Contract | None:
        """The user's contract, else the domain's own where the columns are the domain's, else none yet."""
        path = self.contract_path(record.domain, record.table)
        if path.is_file():
            return odcs.read_contract(path)
        domain = domains().get(record.domain)
        if domain is None:
            return None
        ours = {c.name for c in domain.contract.columns}
        names = set(self._batch(record).collect_schema().names())
        return domain.contract.model_copy(update={"table": record.table}) if ours <= names else None

    def _keep_contract(self, record: RunRecord, contract: Contract) -> None:
        path = self.contract_path(record.domain, record.table)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            odcs.write_contract(contract, path)
        suites = self.settings.warehouse / "gx" / "expectations"
        if not any(suites.glob(f"{contract.domain}.{contract.table}*")) or _newer(path, suites):
            suites.mkdir(parents=True, exist_ok=True)
            write_suites(contract, suites, now=self.now())


def _newer(path: Path, folder: Path) -> bool:
    """Whether the contract was edited after the suites were written."""
    return path.stat().st_mtime > max((p.stat().st_mtime for p in folder.iterdir()), default=0.0)
