"""`oreflow config`: every setting, its value and where it comes from."""

from typing import Annotated, Any

import typer

from oreflow import plugins, settings
from oreflow.cli.output import print_json, print_table, say
from oreflow.cli.refine import AsJson, Warehouse

config_app = typer.Typer(help="See which settings hold.", no_args_is_help=True, rich_markup_mode=None)


@config_app.callback()
def _group() -> None:
    """See which settings hold."""


@config_app.command("show")
def show(
    warehouse: Warehouse = None,
    domain: Annotated[str | None, typer.Option(help="As for `oreflow refine`.")] = None,
    agent: Annotated[str | None, typer.Option(help="As for `oreflow refine`.")] = None,
    engine: Annotated[str | None, typer.Option(help="As for `oreflow refine`.")] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Whole paths, and each stage's agent.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting, its value and its origin: flag, environment (OREFLOW_…), oreflow.yaml or default.

    Example: OREFLOW_ENGINE=duckdb oreflow config show --resolved
    """
    flags: dict[str, Any] = {"warehouse": warehouse, "domain": domain, "agent": agent, "engine": engine}
    chosen = settings.load(**flags)
    origins = settings.origins(**flags)
    values = chosen.model_dump(mode="json")
    if resolved:
        values |= _as_a_run_sees(chosen)
    if as_json:
        print_json({key: {"value": values[key], "origin": origins[key]} for key in values})
        return
    root = plugins.project_root()
    file = root / plugins.PROJECT_FILE if root else "none here or above; `oreflow init DIR` makes one"
    say(f"{plugins.PROJECT_FILE}: {file}")
    about = {key: field.description or "" for key, field in settings.Settings.model_fields.items()}
    print_table(
        ("setting", "value", "origin", "meaning"), [(k, _cell(v), origins[k], about[k]) for k, v in values.items()]
    )


def _as_a_run_sees(chosen: settings.Settings) -> dict[str, Any]:
    return {
        "warehouse": str(chosen.warehouse.resolve()),
        "contracts": str((chosen.contracts or chosen.warehouse / "contracts").resolve()),
        "agents": {stage: chosen.agents.get(stage, chosen.agent) for stage in ("ingest", "clean", "enrich")},
        "prefect": _prefect(chosen),
    }


def _prefect(chosen: settings.Settings) -> str:
    if chosen.prefect != "auto":
        return chosen.prefect
    server = settings.prefect_server()
    return f"auto: as a flow on {server}" if server else "auto: without a server, as PREFECT_API_URL is not set"


def _cell(value: Any) -> str:
    if value is None or value == {}:
        return "-"
    return ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
