"""Relations: fill and repair cells from what other columns of the same row say, and from nothing else."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import ClassVar, Literal

import narwhals as nw
import polars as pl
from pydantic import Field

from oreflow.errors import NotApplicable
from oreflow.operation import Learned, Operation, need_columns, need_numbers
from oreflow.tables import Frame, data_columns

MOST_PAIRS = 50_000
TOGETHER_ROWS = 20


class InspectRelations(Operation):
    """Look which columns determine others, and which are products or sums of others."""

    effect: ClassVar[Literal["look"]] = "look"
    examples: ClassVar[tuple[dict[str, object], ...]] = ({},)


class FillFromRelation(Operation):
    """Fill empty cells from a column that determines them: only where equal values have always meant one value."""

    examples: ClassVar[tuple[dict[str, object], ...]] = ({"column": "state", "determinant": "city"},)

    column: str
    determinant: str
    least_rows: int = Field(default=3, ge=2, description="Rows that must agree before a value is trusted.")

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For text, whole-number and number columns."""
        need_columns(schema, self.column, self.determinant)
        if self.column == self.determinant:
            raise NotApplicable("column and determinant must be two columns.")
        for name in (self.column, self.determinant):
            if schema[name] != pl.String and not schema[name].is_numeric():
                raise NotApplicable(
                    f'column "{name}" holds {schema[name]}; relations are learned between text and numbers.'
                )

    def learn(self, sample: pl.DataFrame) -> Learned:
        """Pairs [determinant value, value] of groups that are pure, and too large to be pure by chance."""
        table = sample.select(pl.col(self.determinant).alias("a"), pl.col(self.column).alias("b")).drop_nulls("a")
        known = table["b"].drop_nulls()
        if known.len() == 0:
            return {"pairs": []}
        likeliest = int(known.value_counts(name="n")["n"].to_numpy().max()) / known.len()
        self._decline_if_systematic(sample)
        value = pl.col("b").drop_nulls()
        kinds = value.n_unique().alias("kinds")
        groups = table.group_by("a").agg(pl.len().alias("all"), value.len().alias("n"), kinds, value.first())
        # A group that is mostly empty is empty for a reason (not yet known, not applicable): filling it would invent.
        trusted = (pl.col("n") >= self.least_rows) & (pl.col("n") >= 0.75 * pl.col("all"))
        sure = groups.filter((pl.col("kinds") == 1) & trusted & (likeliest ** pl.col("n") <= 0.01))
        return {"pairs": [list(row) for row in sure.select("a", "b").sort("a").head(MOST_PAIRS).iter_rows()]}

    def _decline_if_systematic(self, sample: pl.DataFrame) -> None:
        """Cells that are empty together with another column's say something themselves: filling one would invent."""
        empty = sample.filter(pl.col(self.column).is_null())
        if empty.height < TOGETHER_ROWS:
            return
        for name in data_columns(sample.columns):
            overall = sample.get_column(name).null_count() / sample.height
            if name not in (self.column, self.determinant) and overall <= 0.5:
                together = empty.get_column(name).null_count() / empty.height
                if together >= 0.9:
                    raise NotApplicable(
                        f"{self.column} is empty together with {name} ({together:.0%} of its empty cells): "
                        "that is no gap to fill."
                    )

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Null cells only."""
        pairs = learned["pairs"]
        if not pairs:
            return frame
        kind = frame.collect_schema()[self.column]
        looked = nw.col(self.determinant).replace_strict(
            [a for a, _ in pairs], [b for _, b in pairs], default=None, return_dtype=kind
        )
        cell = nw.col(self.column)
        return frame.with_columns(nw.when(cell.is_null()).then(looked).otherwise(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        """With the number of pairs."""
        pairs = len(learned["pairs"])
        return f"filled empty {self.column} from {self.determinant}: {pairs} of its values mean one value each"


class FillByArithmetic(Operation):
    """Fill the one missing number of those bound by a product or a sum; never guesses when two are missing."""

    examples: ClassVar[tuple[dict[str, object], ...]] = (
        {"result": "total", "left": "quantity", "right": "price", "kind": "product"},
        {"result": "total", "left": "quantity", "right": "price", "kind": "sum"},
    )

    result: str
    left: str
    right: str
    third: str | None = Field(default=None, description="A third addend, for sums.")
    kind: Literal["product", "sum"]

    @property
    def terms(self) -> tuple[str, ...]:
        """The operands."""
        return (self.left, self.right) if self.third is None else (self.left, self.right, self.third)

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The result and the operands."""
        return (self.result, *self.terms)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For number columns that all differ."""
        need_numbers(schema, self.result, *self.terms)
        if len({self.result, *self.terms}) < 1 + len(self.terms):
            raise NotApplicable("the result and its operands must all be different columns.")
        if self.kind == "product" and self.third is not None:
            raise NotApplicable("a product has two operands; third is for sums.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        """The decimals that each column is written with, so that a quotient that needs more is not taken."""
        return {"decimals": {name: _decimals(sample.get_column(name)) for name in (self.result, *self.terms)}}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Each from the others, as they were before this step."""
        schema = frame.collect_schema()
        filled = []
        for name, value in self._solved().items():
            rounded = value.round(learned["decimals"][name])
            exact = nw.when((value - rounded).abs() <= 1e-6).then(rounded)
            cell = nw.when(nw.col(name).is_null()).then(exact.cast(schema[name])).otherwise(nw.col(name))
            filled.append(cell.alias(name))
        return frame.with_columns(*filled)

    def _solved(self) -> dict[str, nw.Expr]:
        cells = {name: nw.col(name).cast(nw.Float64) for name in (self.result, *self.terms)}
        whole = cells[self.result]
        if self.kind == "product":
            a, b = cells[self.left], cells[self.right]
            return {self.result: a * b, self.left: _quotient(whole, b), self.right: _quotient(whole, a)}
        solved = {self.result: reduce(add, (cells[term] for term in self.terms))}
        for term in self.terms:
            solved[term] = whole - reduce(add, (cells[other] for other in self.terms if other != term))
        return solved

    def sentence(self, learned: Learned) -> str:
        """As an equation."""
        sign = " × " if self.kind == "product" else " + "
        return f"filled the missing one of {self.result} = {sign.join(self.terms)}"


def _quotient(dividend: nw.Expr, divisor: nw.Expr) -> nw.Expr:
    return nw.when(divisor != 0).then(dividend / divisor)


def _decimals(column: pl.Series) -> int:
    """The most decimals (0–6) that any value of the column needs."""
    values = column.drop_nulls().cast(pl.Float64).head(20_000)
    for digits in range(6):
        if bool(((values - values.round(digits)).abs() <= 1e-9).all()):
            return digits
    return 6
