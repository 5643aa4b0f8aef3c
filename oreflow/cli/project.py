"""The user's project: `init` makes one, `doctor` says what is missing, `config show` says which settings hold."""

from pathlib import Path
from typing import Annotated

import typer

from oreflow.cli import config, doctor
from oreflow.cli.output import print_json, say
from oreflow.cli.refine import AsJson


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("init")(init)
    app.command("doctor")(doctor.doctor)
    app.add_typer(config.config_app, name="config")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder; made if it isn't there.")],
    domain: Annotated[
        str, typer.Option(help="The business domain to start with: hr, sales, projects, it_ops.")
    ] = "it_ops",
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds something; existing files are kept.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a project: folders for your own parts with a working example each, a contract, settings and a sample.

    Example: oreflow init desk --domain it_ops
    """
    from oreflow.cli.new_project import make_project

    made = make_project(folder, domain, force=force)
    if as_json:
        print_json({"folder": str(made.folder), "written": made.written, "kept": made.kept, "sample": made.sample})
        return
    say(
        f"{made.folder}: wrote {len(made.written)} files"
        + (f", kept {len(made.kept)} as they were" if made.kept else "")
    )
    say(f"next: cd {made.folder} && oreflow refine {made.sample}")
