"""Evidence for a column's role: the words of its header and what its cells look like, each measured when asked for.

The rule: shares are over cells that say something; an empty cell or a token that means "missing" is no evidence.
"""

import re
import unicodedata
from functools import cached_property

import polars as pl

SAMPLE = 4000


def word_set(listed: str) -> frozenset[str]:
    """The set of comma-separated words."""
    return frozenset(word.strip() for word in listed.split(","))


MISSING_TOKENS = word_set("n/a,na,none,null,nil,nan,?,-,--,.,empty,unknown,error,missing,tbd,#ref!,#n/a,undefined,unk")

_TIME = r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?"
_DAY = (
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9}\.?)[-/. ,]+(\d{4}|\d{2})"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})"
)
PATTERNS = {
    "number": r"^[($€£¥+\- ]*\d[\d,.' ]*([eE][+-]?\d+)?\s*(%|[€$£¥]|[A-Z]{3})?\)?$",
    "whole": r"^[+-]?\d+([.]0+)?$",
    "money": r"[$€£¥]|\b(USD|EUR|GBP|CHF|JPY)\b",
    "percent": r"^[+-]?\d[\d.,]*\s*%$",
    "day": rf"^{_DAY}$",
    "moment": rf"^{_DAY}{_TIME}$",
    "email": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    "url": r"^([a-z][a-z0-9+.-]*://|www\.)\S+$",
    "phone": r"^\+?[\d ().\-/]{7,20}(\s*(x|ext\.?)\s*\d+)?(\.0)?$",
    "uuid": r"^\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?$",
    "token": r"^[\p{L}\d][\p{L}\d_./#-]*$",
    "zip": r"^(\d{4,5}(\.0+)?|\d{5}-\d{4}|\d{3}[ -]?\d{2,4}|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d|[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|[A-Z]{1,2}-?\d{4,5})$",  # noqa: E501 - one list of postal forms
    "name_word": r"^\p{L}[\p{L}'’.\-]*( \p{L}[\p{L}'’.\-]*)?$",
    "full_name": r"^\p{Lu}[\p{L}'’.\-]*,?( \p{L}[\p{L}'’.\-]*){1,4}$",
    "letters": r"\p{L}",
    "currency_code": r"^[A-Z]{3}$",
}

US_STATES = word_set(
    "al,ak,az,ar,ca,co,ct,de,fl,ga,hi,id,il,in,ia,ks,ky,la,me,md,ma,mi,mn,ms,mo,mt,ne,nv,nh,nj,nm,ny,nc,nd,oh,ok,or,pa,"
    "ri,sc,sd,tn,tx,ut,vt,va,wa,wv,wi,wy,dc,pr,gu,vi,as,mp,"
    "alabama,alaska,arizona,arkansas,california,colorado,connecticut,delaware,florida,georgia,hawaii,idaho,illinois,"
    "indiana,iowa,kansas,kentucky,louisiana,maine,maryland,massachusetts,michigan,minnesota,mississippi,missouri,"
    "montana,nebraska,nevada,new hampshire,new jersey,new mexico,new york,north carolina,north dakota,ohio,oklahoma,"
    "oregon,pennsylvania,rhode island,south carolina,south dakota,tennessee,texas,utah,vermont,virginia,washington,"
    "west virginia,wisconsin,wyoming,district of columbia,puerto rico"
)
YES_NO = word_set("yes,no,y,n,true,false,t,f,ja,nein,oui,non,si,sí")


def header_words(name: str) -> list[str]:
    """The lower-case words of a column name, without accents: `EmployeeID` and `employee_id` are employee, id."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    spaced = spaced.replace("%", " percent ")
    return re.findall(r"[^\W\d_]+|\d+", spaced.casefold())


def portion(mask: pl.Series) -> float:
    """The share (0–1) of true in a boolean column; 0 for an empty one."""
    return float(mask.sum()) / len(mask) if len(mask) else 0.0


class Evidence:
    """One column's header and cells. Every property is computed once, on at most `SAMPLE` cells."""

    def __init__(self, name: str, column: pl.Series) -> None:
        self.words = header_words(name)
        self.header = " ".join(self.words)
        self.dtype = column.dtype
        self.is_number, self.is_text = column.dtype.is_numeric(), column.dtype in (pl.String, pl.Categorical, pl.Enum)
        filled = column.drop_nulls()
        self.cells = filled.gather_every(max(1, -(-len(filled) // SAMPLE))) if len(filled) else filled

    @cached_property
    def text(self) -> pl.Series:
        """The cells as stripped text without empty and missing-token cells."""
        stripped = self.cells.cast(pl.String, strict=False).drop_nulls().str.strip_chars()
        return stripped.filter((stripped != "") & ~stripped.str.to_lowercase().is_in(list(MISSING_TOKENS)))

    def share(self, pattern: str) -> float:
        """The share (0–1) of cells that match one of `PATTERNS`; 0 where there are none."""
        return portion(self.text.str.contains(PATTERNS[pattern]))

    def among(self, words: frozenset[str]) -> float:
        """The share of cells that are one of `words`, whatever their case."""
        return portion(self.text.str.to_lowercase().is_in(list(words)))

    @cached_property
    def numbers(self) -> pl.Series:
        """The cells as numbers, where they are numbers or text that shows one."""
        if self.is_number:
            return self.cells.cast(pl.Float64, strict=False)
        bare = self.text.filter(self.text.str.contains(PATTERNS["number"]))
        return bare.str.replace_all(r"[^\d.eE+-]", "").cast(pl.Float64, strict=False).drop_nulls()

    @cached_property
    def numeric(self) -> bool:
        """Whether the cells are numbers, in type or (nearly all) in writing."""
        return self.is_number or (self.is_text and self.share("number") >= 0.75 and self.share("day") < 0.2)

    def between(self, low: float, high: float, *, share: float = 0.95) -> bool:
        """Whether the cells are numbers, at least `share` of them from `low` to `high`."""
        return self.numeric and portion(self.numbers.is_between(low, high)) >= share

    @cached_property
    def whole(self) -> bool:
        """Whether nearly every number is whole."""
        return self.numeric and portion(self.numbers % 1 == 0) >= 0.95

    @cached_property
    def temporal(self) -> str | None:
        """`date`, `timestamp` or None, by type or by writing."""
        if isinstance(self.dtype, pl.Date):
            return "date"
        if isinstance(self.dtype, pl.Datetime):
            midnight = (self.cells.dt.truncate("1d") == self.cells).all() if len(self.cells) else False
            return "date" if midnight else "timestamp"
        if not self.is_text or self.numeric:
            return None
        if self.share("moment") >= 0.7:
            idle = self.text.str.contains(r"[ T](12:00(:00)? ?AM|00:00(:00(\.0+)?)?)").all()
            return "date" if idle else "timestamp"
        return "date" if self.share("day") + self.share("moment") >= 0.7 else None

    @cached_property
    def distinct(self) -> float:
        """Distinct cells divided by cells; 0 for an empty column."""
        return self.text.n_unique() / len(self.text) if len(self.text) else 0.0

    @cached_property
    def mean_length(self) -> float:
        """The mean number of characters of a cell; 0 for an empty column."""
        return float(self.text.str.len_chars().sum()) / max(1, len(self.text))

    @cached_property
    def repeats(self) -> bool:
        """Whether a few short values make up the column: a category, whatever its header."""
        few = self.text.n_unique() <= min(60, max(2, len(self.text) // 5))
        return len(self.text) >= 10 and few and self.mean_length <= 40
