"""Beginning: what is found out before a run writes anything, so that a bad name or contract leaves no trace."""

from glob import escape
from pathlib import Path

from oreflow import odcs
from oreflow.agent import make_agent
from oreflow.domain import find_domain
from oreflow.errors import ConfigError
from oreflow.locating import locate
from oreflow.reading_sql import one_table
from oreflow.settings import Settings
from stages.bronze import GENERAL, table_name
from warehouse.places import check_part

_SIDE = "__"  # what stands between a table's name and that of a table beside it


def check(source: str, *, table: str | None, settings: Settings) -> None:
    """Refuse unknown domains and agents, names that tables can't have, and contracts that can't be read."""
    if settings.domain and settings.domain != GENERAL:
        find_domain(settings.domain)
    for stage in ("ingest", "clean", "enrich"):
        make_agent(settings.agents.get(stage, settings.agent), stage)
    if table is not None:
        _check_table(table)
    _check_contracts(table or _own_name(source), settings)


def contracts_folder(settings: Settings) -> Path:
    """Where the contracts of this warehouse lie."""
    return settings.contracts or settings.warehouse / "contracts"


def _own_name(source: str) -> str:
    """The name that the source gives its table."""
    location = locate(source)
    return table_name((one_table(location) if location.database else location).stem)


def _check_table(name: str) -> None:
    check_part("table", name)
    if _SIDE in name:
        fit = "_".join(part for part in name.split(_SIDE) if part)
        raise ConfigError(
            f'table name "{name}" holds "{_SIDE}", which names the tables beside a table, such as its quarantine; '
            f'call it for example "{fit or "table"}".'
        )


def _check_contracts(table: str, settings: Settings) -> None:
    """Read each contract that the table may get; without a domain named it is not known yet which one."""
    domain = escape(settings.domain) if settings.domain else "*"
    for path in sorted(contracts_folder(settings).glob(f"{domain}.{escape(table)}.odcs.yaml")):
        odcs.read_contract(path)
