"""The embedded default: damaged IT-ops tickets from a fixed seed, so that a run needs no file, key or server."""

import numpy as np

from oreflow.domain import find_domain
from oreflow.errors import ConfigError
from oreflow.settings import Settings

DOMAIN, TABLE = "it_ops", "tickets"
ROWS, SEED = 1000, 7


def demo_source(settings: Settings) -> tuple[str, Settings]:
    """Write the tickets into the warehouse's `demo/` folder; the path, and the settings with their domain."""
    if settings.domain not in (None, DOMAIN):
        raise ConfigError(f"the generated tickets are {DOMAIN}; give a SOURCE or leave --domain out.")
    path = settings.warehouse / "demo" / f"{TABLE}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    subject, rng = find_domain(DOMAIN), np.random.default_rng(SEED)
    subject.damage(rng, subject.generate(rng, ROWS)).write_csv(path)
    return str(path), settings.model_copy(update={"domain": DOMAIN})
