"""Reading: how the ingesting workbench shall read its source; each is a whole recipe, the last one counts."""

from typing import ClassVar, Literal

from pydantic import Field

from oreflow.operation import Effect, Operation
from oreflow.reading_recipe import ReadingRecipe


class ReadCsv(Operation):
    """Read delimited text. Without `columns` the names come from the header, or are column_1, column_2, …"""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    encoding: str = Field(default="utf-8", description="Such as utf-8, utf-16, cp1252, latin-1, cp1251, cp932.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="One character; \\x1f for one column.")
    quote: str | None = Field(default='"', min_length=1, max_length=1, description="One character, or null for none.")
    escape: str | None = Field(default=None, min_length=1, max_length=1, description="Mark before a quote in a field.")
    space_after_delimiter: bool = Field(default=False, description="Whether a space follows each delimiter.")
    skip: int = Field(default=0, ge=0, description="Lines before the header, blank ones included.")
    header: bool = Field(default=True, description="Whether the first record names the columns.")
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of the numbers; only recorded.")
    columns: tuple[str, ...] = Field(default=(), description="Names in order, where the header's don't fit.")

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="csv", **self.model_dump(exclude={"reason"}))


class ReadExcel(Operation):
    """Read one sheet of a workbook (xlsx, xls, xlsb, ods); default: the first."""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    sheet: str | None = Field(default=None, description="The sheet's name.")
    skip: int = Field(default=0, ge=0, description="Sheet rows before the header, empty ones included.")
    header: bool = Field(default=True, description="Whether the first row names the columns.")
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of numbers kept as text; only recorded.")

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="xlsx", **self.model_dump(exclude={"reason"}))


class ReadJsonLines(Operation):
    """Read one JSON object per line; nested values become JSON text."""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    encoding: str = Field(default="utf-8", description="Such as utf-8 or utf-16.")

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="jsonl", encoding=self.encoding)


class ReadJson(Operation):
    """Read a JSON array of objects, or an object that holds one under `member`; nested values become JSON text."""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    encoding: str = Field(default="utf-8", description="Such as utf-8 or utf-16.")
    member: str | None = Field(default=None, description="Key of the list of records, where the file is one object.")

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="json", encoding=self.encoding, member=self.member)


class ReadParquet(Operation):
    """Read a parquet file; scalar types stay, nested values become JSON text."""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="parquet")


class ReadSql(Operation):
    """Read a table or the result of a query of the database; without either, what the source's URL names."""

    effect: ClassVar[Effect] = "look"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    table: str | None = Field(default=None, description="The table, with its schema where needed.")
    query: str | None = Field(default=None, description="A SELECT.")

    def reading(self) -> ReadingRecipe:
        """The recipe."""
        return ReadingRecipe(kind="sql", table=self.table, query=self.query)
