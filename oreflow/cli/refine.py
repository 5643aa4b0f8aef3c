"""`oreflow refine`: the main job from the command line."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oreflow import plugins, settings
from oreflow.cli.output import print_json

Warehouse = Annotated[Path | None, typer.Option("--warehouse", help="Folder of the layers; default: lake.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def refine(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A file (csv, xlsx, jsonl, parquet, sqlite) or a database URL; none: generated IT-ops tickets."
        ),
    ] = None,
    warehouse: Warehouse = None,
    domain: Annotated[
        str | None, typer.Option(help="hr, sales, projects, it_ops or your own; default: guessed.")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Name of the table; default: from the file's name.")] = None,
    agent: Annotated[str | None, typer.Option(help="The agent for every stage; default: scripted.")] = None,
    engine: Annotated[str | None, typer.Option(help="polars, pandas or duckdb.")] = None,
    contracts: Annotated[Path | None, typer.Option(help="Folder of contracts.")] = None,
    sample_rows: Annotated[int | None, typer.Option(help="Rows the agent works on.")] = None,
    prefect: Annotated[str | None, typer.Option(help="auto, never or always: run as a Prefect flow.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a messy table into bronze, silver and gold behind quality gates, with a report.

    Example: oreflow refine tickets.csv --domain it_ops --warehouse lake
    """
    chosen = settings.load(
        warehouse=warehouse, domain=domain, agent=agent, engine=engine, contracts=contracts, sample_rows=sample_rows,
        prefect=prefect,
    )  # fmt: skip
    if source is None:
        demo = plugins.module("stages", "demo")
        source, chosen = demo.demo_source(chosen)
        table = table or demo.TABLE
    record = _run(source, chosen, table, as_json)
    body = plugins.module("stages", "record").public_record(record)
    if as_json:
        print_json(body)
    else:
        from rich.console import Console

        from oreflow.reports.terminal import show

        show(record, Console())
    if record.status == "failed_gate":
        raise typer.Exit(1)


def _run(source: str, chosen: settings.Settings, table: str | None, as_json: bool) -> Any:
    """As a Prefect flow where a server is configured, else the same stages directly."""
    if _use_prefect(chosen):
        return plugins.module("flows", "refine").run(source, chosen, table=table)
    from rich.console import Console

    from oreflow.reports.terminal import Progress

    with Progress(Console(stderr=True), quiet=as_json) as progress:
        refinery = plugins.module("stages", "refine").Refinery(chosen, watcher=progress)
        return refinery.refine(source, table=table)


def _use_prefect(chosen: settings.Settings) -> bool:
    if chosen.prefect != "auto":
        return chosen.prefect == "always"
    return settings.prefect_server() is not None
