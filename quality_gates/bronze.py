"""Bronze: everything that arrived is there, once, as it was read. What the cells mean is not yet anybody's claim."""

from oreflow.contract import Contract, Rule

LAYERS = ("bronze",)


def rules(contract: Contract) -> tuple[Rule, ...]:
    """Bronze's claims about any table."""
    return (*something_arrived(contract), rows_are_named_once(), rows_are_named())


def something_arrived(contract: Contract) -> tuple[Rule, ...]:
    """The source had at least one row; how many are too few only the contract can say."""
    if any(r.kind == "row_count" and "bronze" in r.layers for r in contract.rules):
        return ()
    claim = "The source had at least one row."
    return (
        Rule(
            id="rows:bronze",
            kind="row_count",
            arguments={"min": 1},
            severity="warning",
            layers=LAYERS,
            description=claim,
        ),
    )


def rows_are_named_once() -> Rule:
    """No two rows have the same `_row_id`."""
    return Rule(id="row_id_unique", kind="unique", column="_row_id", layers=LAYERS, description="Row ids are unique.")


def rows_are_named() -> Rule:
    """Every row has a `_row_id`."""
    return Rule(id="row_id_filled", kind="not_null", column="_row_id", layers=LAYERS, description="Row ids are filled.")
