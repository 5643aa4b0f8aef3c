"""The ledger's tables, as scripts that each lead from one format to the next; a released script never changes."""

_FIRST = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY, domain TEXT NOT NULL, table_name TEXT NOT NULL, source TEXT NOT NULL, status TEXT NOT NULL,
    started TEXT NOT NULL, seconds REAL NOT NULL, record TEXT NOT NULL
);
CREATE INDEX runs_by_table ON runs (domain, table_name, started);
CREATE INDEX runs_by_start ON runs (started);
CREATE TABLE gates (
    run TEXT NOT NULL, position INTEGER NOT NULL, domain TEXT NOT NULL, table_name TEXT NOT NULL, layer TEXT NOT NULL,
    version INTEGER, rule TEXT NOT NULL, kind TEXT NOT NULL, column_name TEXT, severity TEXT NOT NULL,
    passed INTEGER NOT NULL, checked INTEGER NOT NULL, failing INTEGER NOT NULL, details TEXT NOT NULL,
    time TEXT NOT NULL, PRIMARY KEY (run, position)
);
CREATE INDEX gates_by_table ON gates (domain, table_name, time);
CREATE TABLE recipes (id TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE recipe_versions (
    domain TEXT NOT NULL, table_name TEXT NOT NULL, layer TEXT NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL,
    run TEXT, saved TEXT NOT NULL, PRIMARY KEY (domain, table_name, layer, version)
);
CREATE TABLE publications (
    run TEXT NOT NULL, layer TEXT NOT NULL, domain TEXT NOT NULL, table_name TEXT NOT NULL, from_version INTEGER,
    to_version INTEGER NOT NULL, row_count INTEGER NOT NULL, who TEXT NOT NULL, time TEXT NOT NULL,
    UNIQUE (layer, domain, table_name, to_version, run)
);
CREATE INDEX publications_by_run ON publications (run);
CREATE TABLE locks (
    name TEXT PRIMARY KEY, token TEXT NOT NULL, owner TEXT NOT NULL, process TEXT NOT NULL, taken REAL NOT NULL,
    expires REAL NOT NULL
)
"""

_METRICS = """
CREATE TABLE metrics (
    run TEXT NOT NULL, domain TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT, metric TEXT NOT NULL,
    value REAL, time TEXT NOT NULL
);
CREATE INDEX metrics_by_table ON metrics (domain, table_name, column_name, metric, time);
CREATE INDEX metrics_by_run ON metrics (run)
"""

_WORKERS = """
CREATE TABLE workers (run TEXT PRIMARY KEY, process TEXT NOT NULL)
"""

MIGRATIONS = (_FIRST, _METRICS, _WORKERS)
