"""Compositions: a column that is written from two others, and the two, are made to agree where one is plainly wrong."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import narwhals as nw
import polars as pl

from oreflow.errors import NotApplicable
from oreflow.measures.composition import compositions, settle
from oreflow.operation import Learned, Operation, need_text
from oreflow.tables import Frame

MARK = "\x1f"


class RepairComposed(Operation):
    """Make a text column agree with the two columns that it is written from, such as a full name with its parts."""

    examples: ClassVar[tuple[dict[str, object], ...]] = ({"column": "name", "left": "city", "right": "state"},)

    column: str
    left: str
    right: str

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        """All three."""
        return (self.column, self.left, self.right)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        """For three text columns."""
        need_text(schema, self.column, self.left, self.right)
        if len({self.column, self.left, self.right}) < 3:
            raise NotApplicable("column, left and right must be three columns.")

    def learn(self, sample: pl.DataFrame) -> Learned:
        """Rows that disagree, as [[whole, left, right], [whole, left, right]], as they are and as they should be."""
        names = (self.column, self.left, self.right)
        rows = sample.select(names).drop_nulls()
        made = next((c for c in compositions(rows, names) if (c.column, c.left, c.right) == names), None)
        if made is None:
            return {"settled": []}
        triples = [(w, a, b) for w, a, b in rows.iter_rows()]
        return {"settled": [[list(was), list(better)] for was, better in settle(triples, made)]}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        """Look the three cells up together."""
        if not learned["settled"]:
            return frame
        names = (self.column, self.left, self.right)
        key = nw.concat_str([nw.col(n) for n in names], separator=MARK, ignore_nulls=False)
        was = [MARK.join(triple) for triple, _ in learned["settled"]]
        cells = []
        for place, name in enumerate(names):
            better = [triple[place] for _, triple in learned["settled"]]
            looked = key.replace_strict(was, better, default=None, return_dtype=nw.String)
            cells.append(nw.when(looked.is_null()).then(nw.col(name)).otherwise(looked).alias(name))
        return frame.with_columns(*cells)

    def sentence(self, learned: Learned) -> str:
        """With the number of combinations."""
        count = len(learned["settled"])
        return f"made {self.column}, {self.left} and {self.right} agree in {count} combinations with one plainly wrong"
