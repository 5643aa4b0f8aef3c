"""HTML: one self-contained page per run, at most 5 MB, that asks nothing of any network and needs no script to be read.

Every value from the data is escaped, and a content policy forbids anything but the page's own style and script.
"""

import base64
import hashlib
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from oreflow import __version__
from oreflow.errors import InfrastructureError
from oreflow.reports import plots, words
from oreflow.reports.page import Caps, grid, is_measured, page
from oreflow.run import RunRecord
from oreflow.tables import Json

MAX_BYTES = 5_000_000

# The mark: three strata, as a data address, so that no browser asks for a favicon.
_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1b2127"/>'
    b'<path d="M3 11h10v2H3z" fill="#b06a35"/><path d="M3 7h10v2H3z" fill="#a9b4bf"/>'
    b'<path d="M3 3h10v2H3z" fill="#d9a520"/></svg>'
)


def write_report(record: RunRecord, path: Path) -> Path:
    """Write the run's page to `path` in one move, and return the path."""
    text = render(record)
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise InfrastructureError(
            f"the report can't be written to {path}: {error}. Free the folder or disk."
        ) from error
    return path


def render(record: RunRecord) -> str:
    """The page as text; what it shows is tightened until it fits the size, with the true totals beside each cut."""
    caps, one = Caps(), Caps(**dict.fromkeys(Caps.__dataclass_fields__, 1))
    while True:
        text = _render(record, caps)
        if len(text.encode()) <= MAX_BYTES or caps == one:
            return text
        caps = caps.tighter()


def _render(record: RunRecord, caps: Caps) -> str:
    env = _environment()
    script, style = _asset("report.js"), _asset("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    drawn = env.get_template("report.html.j2").render(
        record=record,
        page=page(record, caps),
        icon=base64.b64encode(_ICON).decode(),
        style=Markup(style),
        script=Markup(script),
        script_hash=digest,
        version=__version__,
        cell=partial(cell, limit=caps.text),
        tabled=partial(grid, rows=caps.rows, names=caps.fields),
    )
    return drawn.encode("utf-8", "replace").decode()  # a lone surrogate in a name has no bytes


def cell(value: Json, *, limit: int = 200) -> Markup:
    """A cell value as safe HTML: empty and null told apart, spaces at the edges and hidden characters made visible."""
    if value is None:
        return Markup('<span class="null">null</span>')
    text = words.plain(value)
    if not text:
        return Markup('<span class="null">empty text</span>')
    kept = text[:limit]
    middle = kept.strip(" ")
    lead = len(kept) - len(kept.lstrip(" ")) if middle else len(kept)
    tail = len(kept) - lead - len(middle)
    shown = Markup("{}{}{}").format(_spaces(lead), _visible(middle), _spaces(tail))
    rest = (
        Markup('<span class="mark">… ({} characters)</span>').format(words.count(len(text)))
        if limit < len(text)
        else ""
    )
    return Markup("<bdi>{}</bdi>{}").format(shown, rest)


def _spaces(number: int) -> Markup:
    return Markup('<span class="mark" title="space">{}</span>').format("·" * number) if number else Markup("")


def _visible(text: str) -> Markup:
    """Escaped text in which each hidden character is a marked sign; a run of spaces keeps its length."""
    parts, at = [], 0
    for match in words.HIDDEN.finditer(text):
        sign = Markup('<span class="mark">{}</span>').format(words.reveal(match.group()))
        parts += [escape(text[at : match.start()]), sign]
        at = match.end()
    return Markup("").join([*parts, escape(text[at:])])


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("oreflow.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {name: getattr(words, name) for name in ("count", "share", "score", "duration", "moment")}
    env.filters |= {
        "measured": words.measured,
        "printable": words.printable,
        "block": words.block,
        "plain": words.plain,
    }
    env.globals |= {"words": words, "plots": plots, "is_measured": is_measured}
    return env


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
