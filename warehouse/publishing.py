"""Publishing: a run's staged tables become what readers see, each by one atomic commit, or not at all.

What explains a table (its quarantine, its aggregates) is published before the table: whoever sees a new version finds
everything that belongs to it.
"""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from oreflow.errors import GateFailed, InfrastructureError
from oreflow.run import Rows, TableRef
from warehouse import delta
from warehouse.accounts import Publication
from warehouse.ledger import Ledger
from warehouse.places import Layer, table_folder
from warehouse.staging import Staging

_LOOK_BACK = 10  # commits; the newest but for a crash between a preparing commit and the one it prepared


class RowsNotConserved(GateFailed):
    """Rows went missing or came from nowhere: nothing was published."""


@dataclass(frozen=True)
class Conservation:
    """What must hold before anything is published: rows in = out + quarantined + merged."""

    rows_in: int
    out: int
    quarantined: int = 0
    merged: int = 0

    @classmethod
    def of(cls, rows: Rows) -> "Conservation":
        """From a run's row account."""
        return cls(rows.in_, rows.out, rows.quarantined, rows.merged)

    def check(self, stagings: Sequence[Staging]) -> None:
        """Raise `RowsNotConserved` where the account or the staged tables disagree with it."""
        if self.rows_in != self.out + self.quarantined + self.merged:
            raise RowsNotConserved(
                f"{self.rows_in} rows came in, but {self.out} out + {self.quarantined} quarantined + {self.merged}"
                f" merged are {self.out + self.quarantined + self.merged}; nothing was published."
            )
        staged = {"quarantine": self.quarantined, "silver": self.out, "gold": self.out}
        for staging in stagings:
            if staging.side is None and staging.rows != staged.get(staging.layer, staging.rows):
                raise RowsNotConserved(
                    f"{staging.layer}/{staging.domain}/{staging.name} holds {staging.rows} rows, not"
                    f" {staged[staging.layer]} as the run counted; nothing was published."
                )
        held = {staging.layer for staging in stagings}
        if self.quarantined and "silver" in held and "quarantine" not in held:
            raise RowsNotConserved(
                f"{self.quarantined} rows are to be quarantined, but no quarantine is staged; nothing was published."
            )


def publish(
    root: Path, ledger: Ledger, stagings: Sequence[Staging], *, run: str, expected: Conservation | None
) -> dict[str, TableRef]:
    """Publish the staged tables; keys are `silver`, `quarantine`, `gold`, and `gold__<side>` for side tables."""
    if expected is not None:
        expected.check(stagings)
    for staging in stagings:
        if not staging.parts:
            raise InfrastructureError(
                f"nothing is staged for {staging.layer}/{staging.domain}/{staging.name}; write it first, if only empty."
            )
    refs: dict[str, TableRef] = {}
    for staging in sorted(stagings, key=_rank):
        refs[_key(staging, refs)] = _publish_one(root, ledger, staging, run)
    return refs


def _publish_one(root: Path, ledger: Ledger, staging: Staging, run: str) -> TableRef:
    folder = table_folder(root, staging.layer, staging.domain, staging.name)
    base = delta.open_table(folder) if delta.exists(folder) else None
    before = delta.history(folder, limit=_LOOK_BACK)[:1]
    if before and before[0].digest == staging.digest:
        version = before[0].version
    else:
        account = {"rows": staging.rows, "digest": staging.digest, "who": _who()}
        version = delta.commit(
            folder, staging.parts, staging.stored, run=run, account=account, mode="overwrite", base=base
        )
    _catch_up(ledger, staging, folder)
    return TableRef(layer=cast("Layer", staging.layer), domain=staging.domain, table=staging.name, version=version)


def _catch_up(ledger: Ledger, staging: Staging, folder: Path) -> None:
    """Write down what the table knows and the ledger doesn't: this commit, and any whose run died right after it."""
    where = (staging.layer, staging.domain, staging.name)
    known = ledger.publications(staging.domain, staging.name, layer=staging.layer, limit=1)
    last = known[0].to_version if known else None
    newest = delta.newest(folder) or 0
    if last == newest:
        return
    if last is not None and last > newest:  # the table was removed by hand and began anew
        last = None
    recent = delta.history(folder, limit=None if last is None else newest - last)
    for version in sorted(recent, key=lambda v: v.version):
        rows, who = version.rows or 0, str(version.account.get("who", ""))
        ledger.record_publication(
            Publication(version.run or "", *where, last, version.version, rows, who, version.time)
        )
        last = version.version


def _rank(staging: Staging) -> int:
    order = ["quarantine", "bronze", "silver", "gold"]
    return 1 if staging.side else order.index(staging.layer) * 2


def _key(staging: Staging, taken: dict[str, TableRef]) -> str:
    key = f"{staging.layer}__{staging.side}" if staging.side else staging.layer
    return key if key not in taken else f"{staging.layer}/{staging.domain}/{staging.name}"


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"
