"""Terminal: a run's summary for a person at a prompt, for a log file, and for a terminal that knows ASCII alone.

Values are shown as `Text`, never as markup, and hidden characters are made visible: no cell can colour a line or move
the cursor.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from oreflow.reports import words
from oreflow.reports.page import Caps, Changes, Gate, Page, page
from oreflow.reports.progress import Progress
from oreflow.run import RunRecord

__all__ = ["Progress", "Summary", "show", "summary"]

MAX_STEPS, MAX_RULES, MAX_ANSWERS, MAX_TEXT = 6, 6, 5, 600
MARGIN = 9  # the section's name stands in it
_TONES = {"good": "green", "warn": "yellow", "bad": "red", "wait": "blue"}
_SIGNS = {"good": "✓", "warn": "!", "bad": "✕", "wait": "…"}
_LEVELS = {"critical": "red", "warning": "yellow", "info": "blue"}
_ASCII = str.maketrans("✓✕…→·–×÷“”’⟨⟩⏎␍⇥", '+x~>--x/""\'<>|||')


@dataclass(frozen=True)
class Line:
    """A paragraph of the summary: `lead` stands before it and its further lines hang under the text, not the lead."""

    text: str
    style: str = ""
    lead: str = ""
    lead_style: str = ""
    whole: bool = False  # never broken: a path is for copying


Section = tuple[str, list[Line]]


def summary(record: RunRecord) -> "Summary":
    """What `oreflow refine` prints at its end; print it with `show`, so that no path is cut."""
    return Summary(record)


def show(record: RunRecord, console: Console) -> None:
    """Print the summary; a path longer than the line runs on instead of being cut or folded."""
    console.print(summary(record), crop=False)


@dataclass(frozen=True)
class Summary:
    """The renderable: it asks the console how wide it is and what it can show."""

    record: RunRecord

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The verdict, then the sections in reading order, each under its name."""
        encoding = console.encoding if options.ascii_only else None
        shown = page(self.record, Caps(steps=MAX_STEPS, failed=MAX_RULES))
        for line in _head(self.record, shown.headline):
            yield from _wrapped(line, "", margin=0, console=console, encoding=encoding)
        for name, lines in _sections(self.record, shown):
            if name not in ("Score", "Report"):
                yield Text("")
            for number, line in enumerate(lines):
                yield from _wrapped(line, "" if number else name, margin=MARGIN, console=console, encoding=encoding)


def _head(record: RunRecord, headline: words.Headline) -> Iterator[Line]:
    yield Line(f"{_SIGNS[headline.tone]} {headline.title}", f"bold {_TONES[headline.tone]}")
    yield Line(f"{record.domain}/{record.table} in {words.duration(record.seconds)}", "bold", "  ")
    if headline.sentence:
        yield Line(headline.sentence, lead="  ")


def _sections(record: RunRecord, shown: Page) -> Iterator[Section]:
    parts: list[Section] = [
        ("Rows", [*_rows(record)]),
        ("Score", [*_scores(record)]),
        ("Gates", [line for gate in shown.gates for line in _gate(gate)]),
        ("Changed", [line for changes in shown.changes for line in _changes(changes)]),
        ("Answers", [*_answers(record)]),
        ("Tables", [Line(path, "", f"{layer:<11} ", whole=True) for layer, path in record.tables.items()]),
        ("Report", [Line(record.report, whole=True)] if record.report else []),
    ]
    yield from (part for part in parts if part[1])


def _scores(record: RunRecord) -> Iterator[Line]:
    for layer, pair in record.score.items():
        yield Line(f"{words.score(pair.get('before'))} → {words.score(pair.get('after'))}", "", f"{layer:<7} ")


def _rows(record: RunRecord) -> Iterator[Line]:
    rows = record.rows
    parts = (
        f"{words.count(n)} {name}"
        for name, n in (("out", rows.out), ("quarantined", rows.quarantined), ("merged", rows.merged))
    )
    yield Line(f"{words.count(rows.in_)} in = {' + '.join(parts)}")
    if not words.balances(record):
        yield Line(f"does not add up: {words.count(words.missing_rows(record))} rows unaccounted for", "bold red")


def _gate(gate: Gate) -> Iterator[Line]:
    total = gate.failed.total + gate.passed.total
    held = f"{words.count(gate.passed.total)} of {words.plural(total, 'rule')} held"
    style = _LEVELS.get(gate.verdict.worst or "", "green")
    yield Line(f"{words.verdict_words(gate.verdict)}; {held}", style, f"{gate.verdict.layer:<7} ")
    for _, rule in gate.failed.items:
        yield Line(
            f"{rule.description or rule.rule} ({words.rule_words(rule)})",
            "",
            f"        {rule.severity:<10}",
            _LEVELS[rule.severity],
        )
    if gate.failed.cut:
        rest = gate.failed.total - len(gate.failed.items)
        yield Line(f"and {words.plural(rest, 'more rule')} that did not hold; see the report", "dim", " " * 8)


def _changes(changes: Changes) -> Iterator[Line]:
    did = changes.did.total
    if not did:
        yield Line("nothing to change", "", f"{changes.layer:<7} ")
        return
    yield Line(f"{words.plural(changes.cells, 'cell')} by {words.plural(did, 'operation')}", "", f"{changes.layer:<7} ")
    amounts = [words.effect_words(step) for _, step in changes.did.items]
    room = max((len(amount) for amount in amounts), default=0)
    for amount, (_, step) in zip(amounts, changes.did.items, strict=True):
        lead = f"  {amount:>{room}}  "
        yield Line(step.sentence, "", lead, "cyan")
        if step.reason:
            yield Line(step.reason, "dim", " " * len(lead))
    if changes.did.cut:
        yield Line(f"and {words.count(did - len(changes.did.items))} more; see the report", "dim", "  ")


def _answers(record: RunRecord) -> Iterator[Line]:
    for answer in record.answers[:MAX_ANSWERS]:
        yield Line(answer.question, "dim")
        yield Line(answer.text, "bold", "  ") if answer.text else Line(answer.error or "no answer", "yellow", "  ")
    if len(record.answers) > MAX_ANSWERS:
        yield Line(f"and {len(record.answers) - MAX_ANSWERS} more; see the report", "dim")


def _wrapped(line: Line, name: str, *, margin: int, console: Console, encoding: str | None) -> Iterator[Text]:
    lead, body = (
        _safe(line.lead, encoding, limit=60),
        Text(_safe(line.text, encoding, limit=10_000 if line.whole else MAX_TEXT), style=line.style),
    )
    if console.width - margin - len(lead) < 20 and lead.strip():  # a narrow terminal: the lead takes its own line
        yield _row(name, lead.strip(), line.lead_style, Text(), margin=margin)
        name, lead = "", "  "
    room = max(console.width - margin - len(lead), 1)
    pieces = [body] if line.whole else [*body.wrap(console, room, overflow="fold")] or [body]
    for number, piece in enumerate(pieces):
        yield _row("" if number else name, " " * len(lead) if number else lead, line.lead_style, piece, margin=margin)


def _row(name: str, lead: str, style: str, piece: Text, *, margin: int) -> Text:
    row = Text(no_wrap=True, overflow="ignore")
    row.append(f"{name:<{margin}}", style="bold")
    row.append(lead, style=style)
    row.append_text(piece)
    row.rstrip()
    return row


def _safe(text: str, encoding: str | None, *, limit: int) -> str:
    """Printable text; where the terminal's encoding lacks a character, a sign or an escape stands for it."""
    shown = words.printable(text, limit=limit)
    return shown.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding) if encoding else shown
