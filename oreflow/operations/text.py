"""Text: the same words in another form (space, case, stray characters), and literal replacement."""

from typing import Any, ClassVar, Literal

import narwhals as nw
from pydantic import Field

from oreflow.letters import lower, title, upper
from oreflow.operation import Learned
from oreflow.operations._text_column import TextOperation, trimmed
from oreflow.tables import Frame


class Trim(TextOperation):
    """Remove space of every kind around the text and make each inner run of it one plain space; empty becomes null."""

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "name"}, {"column": "name", "collapse": False})

    collapse: bool = Field(default=True, description="Also make each run of space inside the text one plain space.")

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return frame.with_columns(trimmed(nw.col(self.column), collapse=self.collapse).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        return f"trimmed the space around {self.column}" + (" and collapsed it inside" if self.collapse else "")


class ChangeCase(TextOperation):
    """Write the text in lower case, upper case, or with a capital at the start of each word."""

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"column": "name", "case": case} for case in ("lower", "upper", "title")
    )

    case: Literal["lower", "upper", "title"] = Field(description="The case to write.")

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        change = {"lower": lower, "upper": upper, "title": title}[self.case]
        return change(frame, self.column)

    def sentence(self, learned: Learned) -> str:
        return f"wrote {self.column} in {self.case} case"


class Standardize(TextOperation):
    """Trim, collapse and lower the text, so that spellings that differ only so become one; empty becomes null."""

    meaning: ClassVar[Literal["format", "value"]] = "format"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "name"},)

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        return lower(frame.with_columns(trimmed(nw.col(self.column)).alias(self.column)), self.column)

    def sentence(self, learned: Learned) -> str:
        return f"trimmed {self.column} and wrote it in lower case"


class StripCharacters(TextOperation):
    """Remove every occurrence of the given characters; a cell with nothing left becomes null."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"column": "money", "characters": "$]^-\\,"},)

    characters: str = Field(min_length=1, max_length=50, description='The characters to remove, such as "$*".')

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        escaped = "".join(f"\\{c}" if c in r"\]^-[&~" else c for c in self.characters)
        cell = nw.col(self.column).str.replace_all(f"[{escaped}]", "")
        return frame.with_columns(nw.when(cell != "").then(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        return f"removed the characters {self.characters!r} from {self.column}"


class ReplaceText(TextOperation):
    """Replace every occurrence of a literal piece of text; the pattern is no regular expression."""

    idempotent: ClassVar[bool] = False
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"column": "money", "pattern": "$", "replacement": "$1\\1"},
        {"column": "name", "pattern": "an", "replacement": ""},
    )

    pattern: str = Field(min_length=1, description="The text to look for, exactly as it stands.")
    replacement: str = Field(description="What to write instead; may be empty.")

    def rewrite(self, frame: Frame, learned: Learned) -> Frame:
        cell = nw.col(self.column).str.replace_all(self.pattern, self.replacement, literal=True)
        return frame.with_columns(nw.when(cell != "").then(cell).alias(self.column))

    def sentence(self, learned: Learned) -> str:
        return f"replaced {self.pattern!r} by {self.replacement!r} in {self.column}"
