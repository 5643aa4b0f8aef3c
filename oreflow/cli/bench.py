"""`oreflow bench`: measurements that anyone can repeat."""

from pathlib import Path
from typing import Annotated

import typer

from oreflow.cli.output import print_json, print_table
from oreflow.cli.refine import AsJson

bench_app = typer.Typer(help="Measure, and print what was measured.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(bench_app, name="bench")


@bench_app.callback()
def _group() -> None:
    """Measure, and print what was measured."""


@bench_app.command("repair")
def repair(
    folder: Annotated[Path, typer.Argument(help="A folder with dirty.csv and clean.csv, or a folder of such folders.")],
    agent: Annotated[str, typer.Option(help="The agent that repairs.")] = "scripted",
    as_json: AsJson = False,
) -> None:
    """Score an agent's repairs of dirty tables against their clean versions.

    Example: oreflow bench repair pairs/hospital
    """
    from oreflow.agent import make_agent
    from oreflow.repair_bench import find_pairs, score_pair

    scores = [score_pair(pair, lambda stage: make_agent(agent, stage)) for pair in find_pairs(folder)]
    if as_json:
        print_json([
            {
                "table": s.table, "rows": s.rows, "columns": s.columns, "errors": s.errors, "changed": s.changed,
                "detection": dict(zip(("precision", "recall", "f1"), s.detection, strict=True)),
                "repair": dict(zip(("precision", "recall", "f1"), s.repair, strict=True)),
                "broken": s.broken, "right": s.right, "broken_share": s.broken_share, "seconds": s.seconds,
            }
            for s in scores
        ])  # fmt: skip
        return
    heads = ("table", "errors", "changed", "detection P R F1", "repair P R F1", "broken", "share", "s")
    rows = [
        (
            s.table[:24],
            s.errors,
            s.changed,
            _three(s.detection),
            _three(s.repair),
            s.broken,
            f"{s.broken_share:.3%}",
            s.seconds,
        )
        for s in scores
    ]
    print_table(heads, rows)


def _three(figures: tuple[float, float, float]) -> str:
    return " ".join(f"{figure:.3f}" for figure in figures)
