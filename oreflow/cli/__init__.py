"""The command line: one command per verb, every command a library call; an error is one message and its exit code."""

import os
import sys

import typer

import oreflow
from oreflow.cli import bench, inspect, project, refine
from oreflow.cli.output import say
from oreflow.errors import OreflowError, store_failed

app = typer.Typer(
    name="oreflow", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Messy operational tables in, tables that can be trusted out.",
    epilog="Exit codes: 0 ok, 1 data failed a gate, 2 usage/config/contract, 3 infrastructure, 4 waiting for approval, "
    "5 budget spent.",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        say(oreflow.__version__)
        raise typer.Exit


app.command("refine")(refine.refine)
inspect.add(app)
project.add(app)
bench.add(app)


def main() -> None:
    """Run a command; an Oreflow error ends with its message on stderr and its exit code, never a traceback."""
    try:
        app()
    except OreflowError as error:
        sys.stderr.write(f"oreflow: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain when it flushes
        sys.exit(0)
    except OSError as error:
        failed = store_failed(error)
        sys.stderr.write(f"oreflow: {failed}\n")
        sys.exit(failed.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("oreflow: stopped; every layer is as it was before the stage that was running.\n")
        sys.exit(130)
