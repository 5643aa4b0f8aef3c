"""ODCS: contracts as Open Data Contract Standard v3 YAML, read and written without losing what Oreflow does not use.

What Oreflow adds lives where the standard leaves room: rules as `quality` items of the engine `oreflow`, and
`customProperties` that start with `oreflow`. Parts it does not know are kept in `Contract.extra` and written back.
"""

from pathlib import Path
from typing import Any

from oreflow.contract import Contract
from oreflow.contract_check import check_contract
from oreflow.errors import ContractError
from oreflow.odcs_reading import Reading
from oreflow.odcs_writing import document
from oreflow.odcs_yaml import read_yaml, write_yaml


def read_contract(path: Path | str, *, table: str | None = None) -> Contract:
    """The contract in a file; `table` chooses among several tables. `ContractError` names file, place and fix."""
    path = Path(path)
    content: Any = read_yaml(path)
    try:
        contract = Reading(content, table=table).contract()
        check_contract(contract)
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from error
    return contract


def write_contract(contract: Contract, path: Path | str) -> None:
    """Write the contract as ODCS YAML; comments of an earlier file are not kept, its unknown keys are."""
    write_yaml(document(contract), Path(path))
