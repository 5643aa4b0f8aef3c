"""Flows: the only home of Prefect; import this package first, as Prefect reads the environment when imported."""

import os

# A flow must not phone home unless somebody asked it to.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
