"""The warehouse: code of the lakehouse; the data lives in the folder that the user names."""

from warehouse.accounts import GateResult, Metric, Publication, RecipeVersion
from warehouse.delta import Version
from warehouse.edits import EDIT_COLUMNS, EditLog, Votes
from warehouse.episodes import EpisodeStore, EpisodeSummary
from warehouse.lakehouse import Warehouse
from warehouse.ledger import Ledger
from warehouse.publishing import Conservation, RowsNotConserved
from warehouse.staging import Staging, sink_together

__all__ = [
    "EDIT_COLUMNS",
    "Conservation",
    "EditLog",
    "EpisodeStore",
    "EpisodeSummary",
    "GateResult",
    "Ledger",
    "Metric",
    "Publication",
    "RecipeVersion",
    "RowsNotConserved",
    "Staging",
    "Version",
    "Votes",
    "Warehouse",
    "sink_together",
]
