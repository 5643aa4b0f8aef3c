"""`oreflow doctor`: what this machine and this project lack, each with its fix."""

import typer

from oreflow.cli.checks import Check, all_checks
from oreflow.cli.output import print_json, print_table, say
from oreflow.cli.refine import AsJson, Warehouse
from oreflow.errors import InfrastructureError


def doctor(warehouse: Warehouse = None, as_json: AsJson = False) -> None:
    """Check Python, packages, settings, parts, contracts, warehouse, disk and server; say what to do about each fault.

    Example: oreflow doctor --warehouse lake
    """
    checks = all_checks(warehouse)
    if as_json:
        print_json({"ok": _sound(checks), "checks": [vars(check) for check in checks]})
    else:
        print_table(("check", "", "found", "fix"), [(c.name, c.verdict, c.found, c.fix) for c in checks])
        say("")
        say("all that Oreflow needs is there." if _sound(checks) else "mend what says fail.")
    if not _sound(checks):
        raise typer.Exit(InfrastructureError.exit_code)


def _sound(checks: list[Check]) -> bool:
    return all(check.verdict != "fail" for check in checks)
