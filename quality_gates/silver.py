"""Silver: each cell is what its column promises to hold, and each row is one thing."""

from collections.abc import Iterator

from oreflow.contract import Contract, Rule

LAYERS = ("silver",)
LEAST_SCORE = 0.95


def rules(contract: Contract) -> tuple[Rule, ...]:
    """Silver's claims about any table, from what its contract promises."""
    claims = (
        some_rows_are_left,
        required_columns_are_filled,
        unique_columns_repeat_nothing,
        the_key_names_one_row,
        cells_are_of_their_type,
        the_score_is_high,
    )
    return tuple(rule for claim in claims for rule in claim(contract))


def some_rows_are_left(contract: Contract) -> Iterator[Rule]:
    """Cleaning left at least one row; how many are too few only the contract can say."""
    if not any(r.kind == "row_count" and "silver" in r.layers for r in contract.rules):
        claim = "At least one row is left."
        yield Rule(
            id="rows", kind="row_count", arguments={"min": 1}, severity="warning", layers=LAYERS, description=claim
        )


def required_columns_are_filled(contract: Contract) -> Iterator[Rule]:
    """A required column, or one of the key, has no empty cell."""
    for column in contract.columns:
        if column.required or column.name in contract.key:
            claim = f"{column.name} is never empty."
            yield Rule(
                id=f"filled:{column.name}", kind="not_null", column=column.name, layers=LAYERS, description=claim
            )


def unique_columns_repeat_nothing(contract: Contract) -> Iterator[Rule]:
    """A column that is promised unique holds no value twice."""
    for column in contract.columns:
        if column.unique and contract.key != (column.name,):
            claim = f"{column.name} holds no value twice."
            yield Rule(id=f"unique:{column.name}", kind="unique", column=column.name, layers=LAYERS, description=claim)


def the_key_names_one_row(contract: Contract) -> Iterator[Rule]:
    """No two rows have the same key."""
    claim = f"{', '.join(contract.key)} names one row."
    if len(contract.key) == 1:
        yield Rule(id="key", kind="unique", column=contract.key[0], layers=LAYERS, description=claim)
    elif contract.key:
        yield Rule(
            id="key",
            kind="compound_unique",
            arguments={"columns": list(contract.key)},
            layers=LAYERS,
            description=claim,
        )


def cells_are_of_their_type(contract: Contract) -> Iterator[Rule]:
    """Each cell of a column that is not text reads as the column's type."""
    for column in contract.columns:
        if column.type != "string":
            claim = f"{column.name} holds a {column.type} in every cell."
            yield Rule(
                id=f"type:{column.name}",
                kind="of_type",
                column=column.name,
                arguments={"type": column.type},
                layers=LAYERS,
                description=claim,
            )


def the_score_is_high(contract: Contract) -> Iterator[Rule]:
    """The DQ score is at least 0.95."""
    if contract.columns:
        claim = f"The DQ score is at least {LEAST_SCORE}."
        yield Rule(id="dq_score", kind="dq_score", arguments={"min": LEAST_SCORE}, layers=LAYERS, description=claim)
