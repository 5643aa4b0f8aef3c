"""Operations that derive gold columns: a field of an enrichment source, a feature or an aggregate of the contract."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import polars as pl
from pydantic import Field

from oreflow.domain import Source, domains
from oreflow.enrichment import input_problem, usable
from oreflow.errors import ContractError, NotApplicable, UnknownName
from oreflow.operation import Effect, Learned, Operation, need_columns
from oreflow.sql import column_names, expression_tree, identifier
from oreflow.sql_expressions import columns_of, row_expression
from oreflow.tables import Frame


class AddField(Operation):
    """Add the derived field of an enrichment source. `columns` says which column serves each of its inputs."""

    effect: ClassVar[Effect] = "columns"
    idempotent: ClassVar[bool] = False
    stages: ClassVar[tuple[str, ...]] = ("enrich",)

    source: str = Field(description="The source, one of those the observation lists.")
    name: str | None = Field(default=None, description="Name of the new column; default: the source's name.")
    columns: dict[str, str] = Field(default={}, description="Input of the source → column; default: the same name.")

    @property
    def field(self) -> str:
        """The new column's name."""
        return self.name or self.source

    def found(self) -> Source:
        """The source, whichever domain offers it."""
        return find_source(self.source)

    def inputs(self) -> dict[str, str]:
        """Input → column, for each input of the source."""
        return {name: self.columns.get(name, name) for name in self.found().inputs}

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        return (self.field,)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        source, inputs = self.found(), self.inputs()
        for unknown in sorted(set(self.columns) - set(source.inputs)):
            raise UnknownName(f"input of {self.source}", unknown, source.inputs)
        need_new(schema, self.field)
        need_columns(schema, *inputs.values())
        for name, column in inputs.items():
            problem = input_problem(source, name, schema[column])
            if problem:
                raise NotApplicable(f'{self.source} can\'t use column "{column}" for {name}: {problem}')

    def learn(self, sample: pl.DataFrame) -> Learned:
        source, inputs = self.found(), self.inputs()
        return {**inputs, **(source.learned(sample, inputs) if source.learned else {})}

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.with_columns(self.found().expression(learned).alias(self.field))

    def sentence(self, learned: Learned) -> str:
        used = ", ".join(learned.get(name, name) for name in self.found().inputs)
        return f"add {self.field} from {used}: {self.found().formula or self.found().claim}"


class AddFeature(Operation):
    """Add a feature that the contract names. `expression` is the contract's own and may be left out."""

    effect: ClassVar[Effect] = "columns"
    idempotent: ClassVar[bool] = False
    stages: ClassVar[tuple[str, ...]] = ("enrich",)

    name: str = Field(description="The feature, one of those the observation lists.")
    expression: str | None = Field(default=None, description="Filled in from the contract.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        return (self.name,)

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        need_new(schema, self.name)
        row_expression(self._expression(), schema)

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.with_columns(row_expression(self._expression(), frame.collect_schema().names()).alias(self.name))

    def sentence(self, learned: Learned) -> str:
        return f"add {self.name} from {', '.join(columns_of(self._expression()))}: {self._expression()}"

    def _expression(self) -> str:
        if self.expression is None:
            raise NotApplicable(f'feature "{self.name}" has no expression; it must be one that the contract names.')
        return self.expression


class AddAggregate(Operation):
    """Add an aggregate table that the contract asks for. The main table stays as it is."""

    effect: ClassVar[Effect] = "columns"
    stages: ClassVar[tuple[str, ...]] = ("enrich",)

    name: str = Field(description="The aggregate, one of those the observation lists.")
    group_by: tuple[str, ...] = Field(default=(), description="Filled in from the contract.")
    measures: dict[str, str] = Field(default={}, description="Filled in from the contract.")

    def touches(self, columns: Sequence[str]) -> tuple[str, ...]:
        return ()

    def check(self, schema: Mapping[str, pl.DataType]) -> None:
        if not self.measures:
            raise NotApplicable(f'aggregate "{self.name}" has no measures; it must be one that the contract names.')
        need_columns(schema, *self.group_by)
        for name, measure in self.measures.items():
            if name in self.group_by:
                raise ContractError(f'aggregate "{self.name}": "{name}" is both a measure and grouped by; rename it.')
            check_measure(measure, schema)

    def query(self) -> str:
        """The SELECT over the table `gold` that makes the aggregate, in the order of its groups."""
        groups = [identifier(column) for column in self.group_by]
        measures = [f"{measure} AS {identifier(name)}" for name, measure in self.measures.items()]
        grouped = f" GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)}" if groups else ""
        return f"SELECT {', '.join([*groups, *measures])} FROM gold{grouped}"

    def sentence(self, learned: Learned) -> str:
        by = f" for each {', '.join(self.group_by)}" if self.group_by else ""
        return f"add the table {self.name} with {', '.join(self.measures)}{by}"


def find_source(name: str) -> Source:
    """The enrichment source of that name, of any domain."""
    known = {source.name: source for domain in domains().values() for source in domain.sources}
    if name not in known:
        raise UnknownName("enrichment source", name, known)
    return known[name]


def need_new(schema: Mapping[str, pl.DataType], name: str) -> None:
    """Raise where the table has a column of that name already, in whatever case (DuckDB reads names without it)."""
    if not name.strip() or name.startswith("_"):
        raise NotApplicable(f'"{name}" can\'t name a column: names are not empty and don\'t start with "_".')
    taken = next((column for column in schema if column.casefold() == name.casefold()), None)
    if taken is not None:
        raise NotApplicable(f'the table has a column "{taken}" already; nothing is overwritten: choose another name.')


def check_measure(measure: str, schema: Mapping[str, pl.DataType]) -> None:
    """Raise unless the measure is one aggregate expression over columns that exist."""
    tree = expression_tree(measure)
    known = {column.casefold() for column in schema}
    for column in column_names(tree):
        if column.casefold() not in known:
            raise UnknownName("column", column, schema)
    if not usable(tree):
        raise ContractError(f'"{measure}" holds a subquery or a window; write one aggregate, such as "sum(Amount)".')
