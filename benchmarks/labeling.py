"""Eighteen labeling functions on a table: Oreflow's votes against Snorkel's own `PandasLFApplier`.

    .venv/bin/python benchmarks/labeling.py [--rows 1000000] [--snorkel-rows 20000]

Snorkel runs the same claims as plain Python row functions, as its users write them, on the first rows only; its time
is scaled to all rows (it is linear in them). The two label matrices must be equal there, or there is no result.
"""

import argparse
import datetime as dt
import json
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from oreflow.labeling import discover, vote

RESULT = Path(__file__).parent / "results" / "labeling.json"
ROLES = {
    "id": "id",
    "mail": "email",
    "phone": "phone",
    "site": "url",
    "name": "person_name",
    "town": "city",
    "currency": "currency_code",
    "active": "flag",
    "age": "age",
    "price": "price",
    "year": "year",
    "lat": "latitude",
    "lng": "longitude",
    "born": "birth_date",
    "joined": "start_date",
    "left": "end_date",
}


def table(rows: int, *, seed: int) -> pl.DataFrame:
    """Mostly clean rows; each column has a few damaged and a few empty cells."""
    rng = np.random.default_rng(seed)

    def pick(usual: list[Any], odd: list[Any]) -> list[Any]:
        values = [*usual, *odd, None]
        share = [0.96 / len(usual)] * len(usual) + [0.02 / len(odd)] * len(odd) + [0.02]
        return [values[i] for i in rng.choice(len(values), size=rows, p=share)]

    day = dt.date(2020, 1, 1)
    return pl.DataFrame(
        {
            "id": pick([1, 20, 300], [-1]),
            "mail": pick(["ada@long.de", "bo.reed@mail.example.org"], ["ada.long.de", "a b@c.de", "a@b"]),
            "phone": pick(["205-325-8100", "+49 30 1234567"], ["205", "000-000-0000"]),
            "site": pick(["http://long.de/a", "www.reed.org"], ["http:///x", "http://a b"]),
            "name": pick(["Ada Long", "Bo O'Reed"], ["Ada L?ng", "#"]),
            "town": pick(["Berlin", "New York"], ["Berl1n"]),
            "currency": pick(["EUR", "USD"], ["euro"]),
            "active": pick(["Yes", "no"], ["perhaps"]),
            "age": pick([31, 64], [-3, 190]),
            "price": pick([2.5, 0.0, 99.0], [-2.5]),
            "year": pick([1999, 2024], [20244]),
            "lat": pick([52.5, -33.1], [95.0, 0.0]),
            "lng": pick([13.4, 151.2], [195.0, 0.0]),
            "born": pick([dt.date(1980, 5, 1)], [dt.date(2024, 5, 1)]),
            "joined": pick([day], [dt.date(2023, 1, 1)]),
            "left": pick([dt.date(2022, 1, 1)], [dt.date(2019, 1, 1), dt.date(1200, 1, 1)]),
        }
    )


def empty(*cells: Any) -> bool:
    """None, NaN or NaT."""
    return any(cell is None or cell != cell for cell in cells)


def row_function(columns: str, damaged: Callable[..., bool]) -> Callable[[Any], int]:
    """A Snorkel-style row function: abstain on an empty cell, else damaged or clean."""
    names = columns.split()

    def judge(row: Any) -> int:
        cells = [row[name] for name in names]
        return -1 if empty(*cells) else int(damaged(*cells))

    return judge


def digits(text: str) -> str:
    """The digits of a text."""
    return re.sub(r"\D", "", text)


ROW_FUNCTIONS: dict[str, Callable[[Any], int]] = {
    "identifier_below_zero": row_function("id", lambda v: v < 0),
    "email_without_at": row_function("mail", lambda v: "@" not in v),
    "email_with_spaces": row_function("mail", lambda v: re.search(r"\s", v) is not None),
    "email_without_a_domain": row_function(
        "mail", lambda v: "@" in v and re.search(r"@[^@\s]+\.[^\W\d_]{2,}$", v) is None
    ),
    "phone_with_too_few_digits": row_function("phone", lambda v: len(digits(v)) < 6),
    "phone_of_one_digit": row_function("phone", lambda v: len(set(digits(v))) == 1),
    "url_without_a_host": row_function("site", lambda v: "://" in v and re.search(r"://[^/\s?#]+", v) is None),
    "name_with_symbols": row_function("name", lambda v: re.search(r"[@#$%^*=+<>|~!?{}\[\]\\]", v) is not None),
    "town_with_digits": row_function("town", lambda v: re.search(r"\d", v) is not None),
    "currency_that_is_no_three_letter_code": row_function("currency", lambda v: re.fullmatch("[A-Z]{3}", v) is None),
    "age_out_of_range": row_function("age", lambda v: not 0 <= v <= 120),
    "size_below_zero": row_function("price", lambda v: v < 0),
    "year_beyond_the_calendar": row_function("year", lambda v: not 1000 <= v <= 2200 or v % 1 != 0),
    "latitude_off_the_globe": row_function("lat", lambda v: not -90 <= v <= 90),
    "longitude_off_the_globe": row_function("lng", lambda v: not -180 <= v <= 180),
    "on_null_island": row_function("lat lng", lambda a, b: a == 0 and b == 0),
    "ends_before_it_starts": row_function("joined left", lambda a, b: b < a),
    "starts_before_birth": row_function("born joined", lambda a, b: b < a),
}


def snorkel_votes(frame: pl.DataFrame) -> tuple[np.ndarray, float]:
    """The label matrix by Snorkel's applier, and its seconds."""
    from snorkel.labeling import LabelingFunction, PandasLFApplier

    applier = PandasLFApplier([LabelingFunction(name, judge) for name, judge in ROW_FUNCTIONS.items()])
    pandas = frame.to_pandas()
    begun = time.perf_counter()
    matrix = applier.apply(pandas, progress_bar=False)
    return matrix, time.perf_counter() - begun


def measure(rows: int, *, snorkel_rows: int, repeats: int = 5) -> dict[str, Any]:
    """Both sides' seconds for all rows, and their ratio."""
    asked = [discover()[name] for name in ROW_FUNCTIONS]
    whole = table(rows, seed=1)
    vote(whole.head(1000), ROLES, functions=asked)  # the first call imports and compiles
    part = whole.head(snorkel_rows)
    seconds, snorkel_runs = [], []
    for _ in range(repeats):  # in turn, so that another load on the machine slows both
        begun = time.perf_counter()
        votes = vote(whole, ROLES, functions=asked)
        seconds.append(time.perf_counter() - begun)
        theirs, taken = snorkel_votes(part)
        snorkel_runs.append(taken)
    if votes.names != list(ROW_FUNCTIONS) or not np.array_equal(votes.matrix()[:snorkel_rows], theirs):
        raise SystemExit("the label matrices differ; the ratio would mean nothing.")
    scaled = float(np.median(snorkel_runs)) * rows / part.height
    return {
        "functions": len(asked),
        "rows": rows,
        "oreflow_seconds": [round(s, 3) for s in seconds],
        "snorkel_rows": part.height,
        "snorkel_seconds": [round(s, 3) for s in snorkel_runs],
        "snorkel_seconds_scaled": round(scaled, 1),
        "damaged_votes_in_slice": int((theirs == 1).sum()),
        "equal_matrix": True,
        "ratio": round(scaled / float(np.median(seconds)), 1),
        "python": platform.python_version(),
        "polars": pl.__version__,
    }


def main() -> None:
    """Measure, print and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--snorkel-rows", type=int, default=20_000)
    options = parser.parse_args()
    result = measure(options.rows, snorkel_rows=min(options.rows, options.snorkel_rows))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    print(f"{result['ratio']}x Snorkel's PandasLFApplier (target: 100x)")


if __name__ == "__main__":
    main()
