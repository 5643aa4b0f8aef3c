"""Claims about text in any column: what a spreadsheet, an export or a wrong encoding leaves behind."""

import narwhals as nw

from oreflow.labeling import ANY, labels

PLACEHOLDERS = (
    *("n/a", "n.a.", "#n/a", "null", "nan", "(null)", "<null>", "tbd", "tba", "unknown", "missing", "undefined"),
    *("?", "??", "???", "-", "--", "---", "no data", "not available", "not applicable"),
)
GARBLED = r"Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|â€|ï»¿|ï¿½|\x{FFFD}"


@labels(role=ANY, precision=0.9)
def placeholder_for_a_value(cell: nw.Expr) -> nw.Expr:
    """N/A, null, unknown, TBD, "?" and their like say that there is no value."""
    return cell.str.to_lowercase().is_in(PLACEHOLDERS)


@labels(role=ANY, precision=0.97)
def spreadsheet_error(cell: nw.Expr) -> nw.Expr:
    """#REF!, #VALUE!, #DIV/0! and #NAME? are errors that a spreadsheet exported."""
    return cell.str.contains(r"^#(REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|ERROR!?)$")


@labels(role=ANY, precision=0.95)
def garbled_letters(cell: nw.Expr) -> nw.Expr:
    """Ã©, â€™ and � are letters read in a wrong encoding."""
    return cell.str.contains(GARBLED)


@labels(role=ANY, precision=0.9)
def control_characters(cell: nw.Expr) -> nw.Expr:
    """Text holds no control characters but tabs and line breaks."""
    return cell.str.contains(r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]")


@labels(role=ANY, precision=0.8)
def markup_left_in_text(cell: nw.Expr) -> nw.Expr:
    """HTML tags and entities are left over from a web page."""
    return cell.str.contains(r"(?i)</?(br|p|div|span|b|i|a|td|tr|li|ul|font)\b[^>]*>|&(amp|nbsp|lt|gt|quot|#\d+);")


@labels(role=ANY, precision=0.9)
def one_sign_over_and_over(cell: nw.Expr) -> nw.Expr:
    """A cell of nothing but repeated signs, or of three or more x, says nothing."""
    return cell.str.contains(r"^([^\w\s]{2,}|[xX]{3,}|_{2,})$")


@labels(role=ANY, reads="raw", precision=0.75)
def spaces_around_a_value(cell: nw.Expr) -> nw.Expr:
    """Spaces around a value make it another value when it is compared."""
    return cell.str.contains(r"^\s|\s$")
