"""Looking: `profile` a source, see `labels`, `episodes` and `runs`."""

from typing import Annotated, Any

import typer

from oreflow import plugins, settings
from oreflow.cli.output import print_json, print_table, say
from oreflow.cli.refine import AsJson, Warehouse
from oreflow.errors import UnknownName

episodes_app = typer.Typer(help="The record of what agents did.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("profile")(profile)
    app.command("labels")(labels)
    app.command("runs")(runs)
    app.add_typer(episodes_app, name="episodes")


def _warehouse(folder: Any) -> Any:
    return plugins.module("warehouse", "lakehouse").Warehouse(settings.load(warehouse=folder).warehouse)


def profile(
    source: Annotated[str, typer.Argument(help="A file or a database URL.")],
    domain: Annotated[str | None, typer.Option(help="Business domain; default: guessed.")] = None,
    out: Annotated[str | None, typer.Option("--out", help="Write the drafted contract (ODCS YAML) here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a source without storing anything, and draft its contract.

    Example: oreflow profile tickets.csv --out contracts/it_ops.tickets.odcs.yaml
    """
    found = plugins.module("stages", "profiling").profile_source(source, settings.load(domain=domain))
    if out:
        found.write(out)
    if as_json:
        print_json(found.as_json())
        return
    rows = [
        (c.name, c.dtype, found.types.get(c.name, "-"), c.role or "-", c.nulls + sum(c.missing.values()), c.distinct,
         ", ".join(value for value, _ in c.top[:3]))
        for c in found.columns
    ]  # fmt: skip
    heads = ("column", "read as", "becomes", "role", "missing", "distinct", "most frequent")
    print_table(
        heads, rows, title=f"{source}: {found.rows:,} rows, {len(found.columns)} columns, domain {found.domain}"
    )
    say("")
    say(
        f"drafted contract: {len(found.contract.rules)} rules"
        + (f", written to {out}" if out else "; --out FILE writes it")
    )


def labels(
    table: Annotated[str, typer.Argument(help="A silver table as domain/table, e.g. it_ops/tickets.")],
    warehouse: Warehouse = None,
    as_json: AsJson = False,
) -> None:
    """Show each labeling function's coverage, overlaps, conflicts and learned accuracy on a table.

    Example: oreflow labels it_ops/tickets --warehouse lake
    """
    reports = plugins.module("stages", "labels").label_reports(table, settings.load(warehouse=warehouse))
    if as_json:
        print_json([r.model_dump(mode="json") for r in reports])
        return
    rows = [(r.name, ", ".join(r.columns), r.coverage, r.overlaps, r.conflicts, r.accuracy, r.damaged) for r in reports]
    print_table(("function", "columns", "coverage", "overlaps", "conflicts", "accuracy", "damaged"), rows, title=table)


def runs(warehouse: Warehouse = None, limit: Annotated[int, typer.Option(min=1)] = 20, as_json: AsJson = False) -> None:
    """List the runs that the ledger knows, newest first.

    Example: oreflow runs --limit 5
    """
    found = _warehouse(warehouse).ledger.runs(limit=limit)
    if as_json:
        print_json(
            [
                r.model_dump(mode="json", include={"run", "domain", "table", "status", "started", "seconds", "rows"})
                for r in found
            ]
        )
        return
    rows = [
        (
            r.run,
            f"{r.domain}/{r.table}",
            r.status,
            r.rows.in_,
            r.rows.out,
            r.rows.quarantined,
            r.rows.merged,
            round(r.seconds, 1),
        )
        for r in found
    ]
    print_table(("run", "table", "status", "in", "out", "quarantined", "merged", "seconds"), rows)


@episodes_app.command("list")
def list_episodes(
    warehouse: Warehouse = None, limit: Annotated[int, typer.Option(min=1)] = 20, as_json: AsJson = False
) -> None:
    """List episodes, newest first.

    Example: oreflow episodes list --limit 5
    """
    found = _warehouse(warehouse).episodes.list(limit=limit)
    heads = ("id", "stage", "agent", "table", "ending", "steps", "seconds", "started")
    rows = [{head: getattr(summary, head) for head in heads} for summary in found]
    if as_json:
        print_json(rows)
        return
    print_table(heads, [tuple(row.get(h) for h in heads) for row in rows])


@episodes_app.command("show")
def show_episode(
    episode: Annotated[str, typer.Argument(help="The episode's id.")],
    warehouse: Warehouse = None,
    as_json: AsJson = False,
) -> None:
    """Show one episode step by step.

    Example: oreflow episodes show ep_0123456789abcdef
    """
    found = _warehouse(warehouse).episodes.get(episode)
    if found is None:
        raise UnknownName("episode", episode, (), fix="`oreflow episodes list` names them.")
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    say(
        f"{found.id}: {found.agent.get('name')} at {found.stage} of {found.table}, "
        f"{found.ending} in {found.seconds:.1f} s"
    )
    rows = [
        (n, t.action.get("operation"), t.action.get("column", ""), t.error or t.result, t.action.get("reason", ""))
        for n, t in enumerate(found.turns, 1)
    ]
    print_table(("step", "operation", "column", "result", "reason"), rows)
