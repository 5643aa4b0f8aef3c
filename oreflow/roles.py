"""Column roles: what a column is about, so that one labeling function, rule or domain fits many tables.

The rule: a role is guessed only where header and cells agree; no role is better than a wrong one.
"""

import polars as pl

from oreflow.role_clues import CLUES
from oreflow.role_evidence import Evidence
from oreflow.tables import data_columns

ROLES: dict[str, str] = {
    "id": "Names the row's own thing; hardly ever repeats.",
    "key": "Refers to a thing by its identifier; repeats.",
    "code": "A short token from a coded list.",
    "person_name": "A person's full name.",
    "first_name": "A person's given name.",
    "last_name": "A person's family name.",
    "email": "An e-mail address.",
    "phone": "A telephone number.",
    "url": "A web address.",
    "address": "A street address.",
    "city": "A town.",
    "state": "A state or province.",
    "country": "A country.",
    "zip": "A postal code.",
    "latitude": "Degrees north, -90 to 90.",
    "longitude": "Degrees east, -180 to 180.",
    "date": "A day with no narrower meaning.",
    "start_date": "When something began.",
    "end_date": "When something ended or is due to end.",
    "birth_date": "When a person was born.",
    "timestamp": "A moment with a time of day.",
    "year": "A calendar year.",
    "amount": "A sum of money.",
    "price": "Money per unit.",
    "quantity": "How many, in whole units.",
    "percent": "A share, as 0–1 or 0–100.",
    "score": "A rating on a short scale.",
    "level": "An ordered grade in small whole numbers.",
    "duration": "A length of time as a number.",
    "distance": "A length as a number.",
    "age": "A person's age in years.",
    "currency_code": "A three-letter currency.",
    "category": "One of a few values.",
    "status": "Where something stands in its course.",
    "priority": "How urgent or severe something is.",
    "flag": "Yes or no.",
    "text": "Free text.",
}

_PII = {
    "direct": ("person_name", "first_name", "last_name", "email", "phone", "address"),
    "indirect": ("birth_date", "zip", "latitude", "longitude", "age"),
}


def pii_class(role: str | None) -> str | None:
    """`direct` where the role alone names a person, `indirect` where it does beside others, else None."""
    return next((kind for kind, members in _PII.items() if role in members), None)


def guess_role(name: str, column: pl.Series) -> str | None:
    """The role of one column by its header and cells, or None where they don't agree on one."""
    evidence = Evidence(name, column)
    if len(evidence.text) == 0:
        return None
    return next((clue.role for clue in CLUES if clue.suggested(evidence.header) and clue.cells(evidence)), None)


def guess_roles(frame: pl.DataFrame) -> dict[str, str]:
    """Column name → role, for the data columns that have one."""
    guesses = {name: guess_role(name, frame.get_column(name)) for name in data_columns(frame.columns)}
    return {name: role for name, role in guesses.items() if role is not None}
