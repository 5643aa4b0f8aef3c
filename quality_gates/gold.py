"""Gold: rows are still one thing each, and what was derived is there to be asked about."""

from collections.abc import Iterator

from oreflow.contract import Contract, Rule

LAYERS = ("gold",)


def rules(contract: Contract) -> tuple[Rule, ...]:
    """Gold's claims about any table, from what its contract promises."""
    claims = (some_rows_are_left, the_key_is_filled, the_key_names_one_row, features_say_something)
    return tuple(rule for claim in claims for rule in claim(contract))


def some_rows_are_left(contract: Contract) -> Iterator[Rule]:
    """There is at least one row to answer from."""
    if not any(r.kind == "row_count" and "gold" in r.layers for r in contract.rules):
        claim = "At least one row is left."
        yield Rule(
            id="rows:gold", kind="row_count", arguments={"min": 1}, severity="warning", layers=LAYERS, description=claim
        )


def the_key_is_filled(contract: Contract) -> Iterator[Rule]:
    """Every part of the key is filled."""
    for name in contract.key:
        claim = f"{name} is never empty."
        yield Rule(id=f"key_filled:{name}", kind="not_null", column=name, layers=LAYERS, description=claim)


def the_key_names_one_row(contract: Contract) -> Iterator[Rule]:
    """Enrichment multiplied no row."""
    claim = f"{', '.join(contract.key)} names one row."
    if len(contract.key) == 1:
        yield Rule(id="key:gold", kind="unique", column=contract.key[0], layers=LAYERS, description=claim)
    elif contract.key:
        names = {"columns": list(contract.key)}
        yield Rule(id="key:gold", kind="compound_unique", arguments=names, layers=LAYERS, description=claim)


def features_say_something(contract: Contract) -> Iterator[Rule]:
    """A derived column is not empty throughout."""
    for feature in contract.features:
        yield Rule(
            id=f"feature:{feature.name}",
            kind="null_share",
            column=feature.name,
            arguments={"max": 0.999},
            severity="warning",
            layers=LAYERS,
            description=f"{feature.name} is not empty throughout.",
        )
