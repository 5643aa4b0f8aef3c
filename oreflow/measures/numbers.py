"""Numbers hidden in text: how a column writes them, and what share of its cells are numbers written so."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

_NUMBER = re.compile(
    r"""^(?P<open>\()?\s*(?P<sign>[+\-−])?\s*
    (?P<before>[$€£¥₹₽₩]|(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|INR|CNY|SEK|NOK|DKK|MXN|BRL)(?=[\s\d]))?\s*
    (?P<sign2>[+\-−])?\s*
    (?P<digits>\d[\d.,'’\u00a0\u202f ]*|\.\d+)(?P<exponent>[eE][+\-]?\d+)?\s*
    (?P<after>%|[$€£¥₹₽₩]|[A-Za-z°µ][A-Za-z.°/²³]{0,11}(?:\ [A-Za-z][\w\-]{0,20}){0,2})?\s*
    (?P<close>\))?(?P<trailing>-)?$""",
    re.VERBOSE,
)
_DIGITS = re.compile(r"^[+-]?\d+$")
_GROUPED_COMMA = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$")
_GROUPED_DOT = re.compile(r"^\d{1,3}(\.\d{3}){2,}(,\d+)?$|^\d{1,3}(\.\d{3})+,\d+$")
_GROUPED_SPACE = re.compile(r"^\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?$")
_PLAIN = re.compile(r"^\d+$|^\d*\.\d+$|^\d+\.$")
_COMMA_DECIMAL = re.compile(r"^\d+,\d+$")

_SPELLINGS = """
oz 1 oz ounce ounces | lb 1 lb lbs pound pounds | mi 1 mi mile miles | ft 1 ft foot feet | in 1 in inch inches
g 1 g gram grams gr | g 1000 kg kilo kilos kilogram kilograms | g 0.001 mg milligram milligrams
m 1 m meter meters metre metres | m 0.01 cm centimeter centimeters | m 0.001 mm millimeter millimeters
m 1000 km kilometer kilometers kms | l 1 l liter liters litre litres | l 0.001 ml milliliter milliliters
min 1 min mins minute minutes | min 60 h hr hrs hour hours | min 1440 d day days | s 1 s sec secs second seconds
ms 1 ms millisecond milliseconds | yr 1 y yr yrs year years | mo 1 mo month months | wk 1 wk week weeks
b 1 b byte bytes | b 1e3 kb | b 1e6 mb | b 1e9 gb
"""
UNITS: dict[str, tuple[str, float]] = {}  # spelling -> (base unit of its quantity, factor)
for _entry in _SPELLINGS.replace("\n", "|").split("|"):
    if _entry.strip():
        _base, _factor, *_words = _entry.split()
        UNITS |= dict.fromkeys(_words, (_base, float(_factor)))


class NumberStyle(BaseModel):
    """How a column's numbers are written. Shares are of the non-missing cells (0–1)."""

    model_config = ConfigDict(frozen=True)

    share: float = 0.0
    whole_share: float = 0.0
    decimal: str = "."
    thousands: str | None = None
    marks: dict[str, int] = {}  # currency signs, unit words and "%" with their counts
    unmarked: int = 0
    leading_zeros: int = 0
    negative: int = 0
    signed_by_brackets: int = 0
    unread_digits: int = 0  # cells that are no number but hold digits: what they say would be lost
    three_decimals: bool = False  # every point is followed by exactly three digits: it may mark thousands
    plain_fractions: float = 0.0  # share of the unmarked numbers, 0 and 1 aside, that lie between -1 and 1
    percent_middle: float | None = None  # median of the numbers written with "%"
    plain_middle: float | None = None  # median of the numbers written without any mark

    @property
    def units(self) -> set[tuple[str, float]]:
        """The known units among the marks."""
        return {UNITS[m] for m in map(unit_word, self.marks) if m in UNITS}

    @property
    def strange_marks(self) -> set[str]:
        """Marks that are neither currency, percent nor a known unit; a rare remark after a known unit is none."""
        remarks = sum(count for mark, count in self.marks.items() if " " in mark)
        rare = remarks <= 0.1 * sum(self.marks.values())
        known = {
            m for m in self.marks if is_currency(m) or m == "%" or (unit_word(m) in UNITS and (rare or " " not in m))
        }
        return set(self.marks) - known


CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}


def currency(mark: str) -> str:
    """The currency that a sign or code means."""
    return CURRENCY_SIGNS.get(mark, mark)


def is_currency(mark: str) -> bool:
    """A currency sign or a three-letter currency code."""
    return mark in "$€£¥₹₽₩" or mark in (
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "JPY",
        "CAD",
        "AUD",
        "INR",
        "CNY",
        "SEK",
        "NOK",
        "DKK",
        "MXN",
        "BRL",
    )


def unit_word(mark: str) -> str:
    """The mark as the unit table spells it: its first word, lower case, no full stop."""
    return mark.lower().split(" ")[0].rstrip(".")


def number_style(counts: Mapping[str, int]) -> NumberStyle:
    """Read how the values (stripped text → count) write numbers."""
    total = sum(counts.values())
    parts = {value: match for value in counts if (match := _NUMBER.match(value)) and _balanced(match)}
    digits = {value: match["digits"].strip() for value, match in parts.items()}
    decimal, thousands = _separators(digits, counts)
    fits = {value: text for value, text in digits.items() if _readable(text, decimal, thousands)}
    marks: Counter[str] = Counter()
    for value in fits:
        for mark in (parts[value]["before"], parts[value]["after"]):
            if mark:
                marks[mark] += counts[value]
    count = sum(counts[value] for value in fits)
    whole = sum(counts[v] for v, t in fits.items() if decimal not in t or set(t.split(decimal)[-1]) <= {"0"})
    return NumberStyle(
        share=count / total if total else 0.0,
        whole_share=whole / count if count else 0.0,
        decimal=decimal, thousands=thousands, marks=dict(marks),
        unmarked=sum(counts[v] for v in fits if not _marked(parts[v])),
        leading_zeros=sum(counts[v] for v in fits if re.match(r"^0\d", v)),
        negative=sum(counts[v] for v in fits if parts[v]["sign"] or parts[v]["sign2"] or parts[v]["trailing"]),
        signed_by_brackets=sum(counts[v] for v in fits if parts[v]["open"]),
        unread_digits=sum(n for v, n in counts.items() if v not in fits and any(c.isdigit() for c in v)),
        three_decimals=_three_decimals(fits.values()),
        plain_fractions=_fractions([t for v, t in fits.items() if not _marked(parts[v])], decimal, thousands),
        percent_middle=_middle([t for v, t in fits.items() if parts[v]["after"] == "%"], decimal, thousands),
        plain_middle=_middle([t for v, t in fits.items() if not _marked(parts[v])], decimal, thousands),
    )  # fmt: skip


def _middle(digits: Sequence[str], decimal: str, thousands: str | None) -> float | None:
    numbers = sorted(_number(text, decimal, thousands) for text in digits)
    return numbers[len(numbers) // 2] if numbers else None


def _three_decimals(texts: Iterable[str]) -> bool:
    pointed = [text for text in texts if "." in text]
    return len(pointed) >= 3 and all(re.fullmatch(r"\d{1,3}\.\d{3}", text) for text in pointed)


def _fractions(digits: Sequence[str], decimal: str, thousands: str | None) -> float:
    numbers = [n for n in (_number(text, decimal, thousands) for text in digits) if n not in (0.0, 1.0)]
    return sum(abs(n) < 1 for n in numbers) / len(numbers) if numbers else 0.0


def _number(text: str, decimal: str, thousands: str | None) -> float:
    bare = text.replace(thousands, "") if thousands else text
    return float(bare.replace(decimal, ".").replace("\u00a0", "").replace("\u202f", "").replace(" ", ""))


def _marked(match: re.Match[str]) -> bool:
    return bool(match["before"] or match["after"])


def _balanced(match: re.Match[str]) -> bool:
    return bool(match["open"]) == bool(match["close"])


def _separators(digits: Mapping[str, str], counts: Mapping[str, int]) -> tuple[str, str | None]:
    """Decimal and thousands marks by what most cells can only mean; `1,234` alone is read as a thousand."""
    votes: Counter[tuple[str, str | None]] = Counter()
    for value, text in digits.items():
        if _GROUPED_SPACE.match(text):
            votes[("," if "," in text else ".", " ")] += counts[value]
        elif _GROUPED_DOT.match(text):
            votes[(",", ".")] += counts[value]
        elif _COMMA_DECIMAL.match(text) and not _GROUPED_COMMA.match(text):
            votes[(",", None)] += counts[value]
        elif _GROUPED_COMMA.match(text):
            votes[(".", ",")] += counts[value]
    if not votes:
        return ".", None
    plain_decimals = sum(counts[v] for v, t in digits.items() if re.match(r"^\d*\.\d+$", t))
    comma = sum(n for (mark, _), n in votes.items() if mark == ",")
    dot = sum(n for (mark, _), n in votes.items() if mark == ".") + plain_decimals
    decimal = "," if comma > dot else "."
    grouped = [mark for (d, mark), _ in votes.most_common() if d == decimal and mark]
    return decimal, grouped[0] if grouped else None


def _readable(text: str, decimal: str, thousands: str | None) -> bool:
    if _PLAIN.match(text) and (decimal == "." or "." not in text):
        return True
    if decimal == "," and _COMMA_DECIMAL.match(text):
        return True
    pattern = {",": _GROUPED_COMMA, ".": _GROUPED_DOT, " ": _GROUPED_SPACE}.get(thousands or "")
    return bool(pattern and pattern.match(text))
