"""Profiling: measure a source and draft its contract, storing nothing."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from oreflow import odcs
from oreflow.agent import make_agent
from oreflow.contract import Contract
from oreflow.drafting import draft_contract
from oreflow.measures.profile import ColumnProfile, profile_column
from oreflow.roles import guess_roles
from oreflow.rollout import rollout
from oreflow.settings import Settings
from oreflow.tables import ROW_ID, active, data_columns
from oreflow.workbench import TableBench
from stages import bronze
from stages.refine import utc_now
from stages.silver import take_sample
from warehouse import Warehouse


@dataclass(frozen=True)
class SourceProfile:
    """What a source holds and what its contract could promise."""

    rows: int
    domain: str
    columns: tuple[ColumnProfile, ...]
    types: dict[str, str]
    contract: Contract

    def write(self, path: str) -> None:
        """Write the drafted contract."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        odcs.write_contract(self.contract, Path(path))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "rows": self.rows, "domain": self.domain, "columns": [c.model_dump(mode="json") for c in self.columns],
            "types": self.types, "contract": self.contract.model_dump(mode="json"),
        }  # fmt: skip


def profile_source(source: str, settings: Settings) -> SourceProfile:
    """Read the source into a folder that is thrown away, clean a sample of it, and draft from what came out."""
    with tempfile.TemporaryDirectory(prefix="oreflow-") as folder:
        warehouse = Warehouse(Path(folder) / "lake")
        read = bronze.ingest(
            source, warehouse=warehouse, agent=make_agent(settings.agent, "ingest"), domain=settings.domain, table=None,
            now=utc_now, max_steps=settings.max_steps,
        )  # fmt: skip
        batch = warehouse.bronze_batch(read.ref, read.content_hash)
        sample = take_sample(batch.select(ROW_ID, *data_columns(batch.collect_schema().names())), settings.sample_rows)
    roles = guess_roles(sample.drop(ROW_ID))
    bench = TableBench(sample, budget=settings.budget, roles=roles, steps=max(settings.max_steps, 10 * sample.width))
    rollout(make_agent(settings.agent, "clean"), bench, max_steps=10 * sample.width + settings.max_steps, now=utc_now)
    cleaned: pl.DataFrame = active(bench.frame)
    contract = draft_contract(cleaned, domain=read.ref.domain, table=read.table, roles=roles, raw=sample)
    columns = tuple(profile_column(sample[n], role=roles.get(n)) for n in data_columns(sample.columns))
    types = {name: str(dtype) for name, dtype in cleaned.schema.items()}
    return SourceProfile(rows=read.rows, domain=read.ref.domain, columns=columns, types=types, contract=contract)
