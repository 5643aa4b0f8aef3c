"""Labels: what the labeling functions say of a published silver table."""

from oreflow import labeling, odcs
from oreflow.errors import UnknownName
from oreflow.roles import guess_roles
from oreflow.run import LabelReport
from oreflow.settings import Settings
from warehouse import Warehouse


def label_reports(name: str, settings: Settings) -> list[LabelReport]:
    """One report per labeling function that applies to `domain/table`; raises `UnknownName` for no such table."""
    warehouse = Warehouse(settings.warehouse)
    domain, _, table = name.partition("/")
    ref = warehouse.latest("silver", domain, table) if table else None
    if ref is None:
        known = sorted({f"{t.domain}/{t.table}" for t in warehouse.tables() if t.layer == "silver"})
        raise UnknownName("silver table", name, known, fix="Refine its source first.")
    rows = warehouse.scan(ref)
    path = (settings.contracts or settings.warehouse / "contracts") / f"{domain}.{table}.odcs.yaml"
    roles = odcs.read_contract(path).roles() if path.is_file() else guess_roles(rows.head(20_000).collect())
    return labeling.analysis(labeling.vote(rows, roles, domain=domain))
