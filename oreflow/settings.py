"""Settings: the only reader of the environment and of `oreflow.yaml`. Flag > environment > file > default."""

import os
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from oreflow import plugins
from oreflow.errors import ConfigError, unknown
from oreflow.tables import Engine

Origin = Literal["flag", "environment", "file", "default"]

_PREFIX = "OREFLOW_"
_NO_SETTINGS = ("OREFLOW_CHROMIUM", "OREFLOW_SCREENSHOTS", "OREFLOW_REAL_DATA")  # read by the tests alone


class Budget(BaseModel):
    """How much one run may change: shares (0–1) of cells and of rows, and a number of dropped columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cells: float = Field(default=0.5, ge=0, le=1, description="Share of cells whose value may change.")
    rows: float = Field(default=0.5, ge=0, le=1, description="Share of rows that may be quarantined or merged.")
    columns: int = Field(default=50, ge=0, description="Columns that may be dropped.")


class Settings(BaseSettings):
    """Every option of a run."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    warehouse: Path = Field(default=Path("lake"), description="Folder of the layers, ledger, reports and episodes.")
    contracts: Path | None = Field(default=None, description="Folder of contracts; default: inside the warehouse.")
    domain: str | None = Field(default=None, description="Business domain; default: guessed from the columns.")
    agent: str = Field(default="scripted", description="The agent for every stage.")
    agents: dict[str, str] = Field(default={}, description="Agent per stage: ingest, clean, enrich.")
    engine: Engine = Field(default="polars", description="Engine that replays recipes.")
    budget: Budget = Budget()
    sample_rows: int = Field(
        default=50_000, ge=1, description="Rows that an agent works on; the recipe is replayed on all."
    )
    max_steps: int = Field(default=400, ge=1, description="Operations an agent may do in one stage.")
    rounds: int = Field(default=2, ge=0, description="Times a failed gate goes back to the agent.")
    quarantine_at: float = Field(
        default=0.97, ge=0.5, le=1, description="Probability of damage at which a row is set aside."
    )
    gate_rows: int = Field(
        default=500_000, ge=0, description="Rows up to which Great Expectations itself judges a gate."
    )
    prefect: Literal["auto", "never", "always"] = Field(default="auto", description="Run as a Prefect flow.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the project's `oreflow.yaml`."""
        root = plugins.project_root()
        file = [YamlConfigSettingsSource(settings_cls, yaml_file=root / plugins.PROJECT_FILE)] if root else []
        return (init_settings, env_settings, *file)


def load(**flags: Any) -> Settings:
    """The settings for this run; a `None` flag means "not given". `ConfigError` names the key and the fix."""
    _check_environment()
    root = plugins.project_root()
    try:
        settings = Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(_explain_yaml(error, root)) from error
    except (ValueError, TypeError, OSError) as error:  # no mapping, no UTF-8, no permission
        raise ConfigError(
            f"{_file(root)} can't be read as settings: {error}. Write it as UTF-8 text with lines `name: value`."
        ) from error
    if root is None:
        return settings
    # A folder that the project's file names lies in the project; one from the command line, where the user stands.
    given = origins(**flags)
    own = [key for key in ("warehouse", "contracts") if given[key] in ("file", "default") and getattr(settings, key)]
    return settings.model_copy(update={key: root / getattr(settings, key) for key in own})


def origins(**flags: Any) -> dict[str, Origin]:
    """Setting → where its value comes from."""
    root = plugins.project_root()
    file = YamlConfigSettingsSource(Settings, yaml_file=root / plugins.PROJECT_FILE)() if root else {}
    environment = EnvSettingsSource(Settings)()
    found: dict[str, Origin] = dict.fromkeys(Settings.model_fields, "default")
    found.update(dict.fromkeys(file, "file"))
    found.update(dict.fromkeys(environment, "environment"))
    found.update(dict.fromkeys((key for key, value in flags.items() if value is not None), "flag"))
    return found


def prefect_server() -> str | None:
    """The address of the configured Prefect server, from the environment; None means: run without one."""
    return os.environ.get("PREFECT_API_URL") or None


def _check_environment() -> None:
    """A variable that sounds like a setting but is none would be ignored in silence."""
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{_PREFIX}BUDGET__{name.upper()}" for name in Budget.model_fields}
    for name in sorted(os.environ):
        upper = name.upper()
        if not upper.startswith(_PREFIX) or upper in known or upper in _NO_SETTINGS:
            continue
        if not upper.startswith(f"{_PREFIX}AGENTS__"):
            raise ConfigError(unknown("setting", name, known) + f" Correct it, or `unset {name}`.")


def _file(root: Path | None) -> Path:
    return (root or Path()) / plugins.PROJECT_FILE


def _explain_yaml(error: yaml.YAMLError, root: Path | None) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{_file(root)}{place}: {getattr(error, 'problem', None) or error}. Mend the YAML there."


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return (
            unknown("setting", key, Settings.model_fields) + " Settings stand in oreflow.yaml or OREFLOW_… variables."
        )
    return f'setting "{key}": {first["msg"]} (given: {first.get("input")!r}).'
