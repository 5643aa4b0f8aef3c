"""Words: numbers, verdicts and cell values as a reader should see them; the page and the terminal share them.

No number is rounded into a claim: a share that is not all is never "100 %", one that is not nothing never "0 %".
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oreflow.run import RuleResult, RunRecord, StepReport, Verdict
from oreflow.tables import Json

Tone = Literal["good", "warn", "bad", "wait"]
LAYERS = ("bronze", "silver", "gold", "quarantine")
SEVERITIES = ("critical", "warning", "info")

# Controls, lone surrogates, bidirectional overrides, unseen spaces; not U+200C and U+200D, which scripts need.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\xa0\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_NAMED = {"\n": "⏎", "\r": "␍", "\t": "⇥"}


@dataclass(frozen=True)
class Headline:
    """How the run ended, in one word and one sentence."""

    tone: Tone
    title: str
    sentence: str


def count(number: int) -> str:
    """12345 → `12,345`."""
    return f"{number:,}"


def plural(number: int, noun: str, *, many: str = "") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def share(part: float, whole: float = 1.0) -> str:
    """A percentage with one decimal; `–` of nothing."""
    if not whole or not math.isfinite(part / whole):
        return "–"
    ratio = part / whole
    if ratio in (0, 1):
        return f"{ratio:.0%}".replace("%", " %")
    if abs(ratio) < 0.001:
        return "< 0.1 %"
    if 0.999 < ratio < 1:
        return "> 99.9 %"
    return f"{ratio * 100:.1f} %"


def score(number: float | None) -> str:
    """A score with three decimals; one below 1 never reads `1.000`."""
    if number is None or not math.isfinite(number):
        return "–"
    return "> 0.999" if 0.9995 <= number < 1 else f"{number:.3f}"


def duration(seconds: float) -> str:
    """`12 ms`, `3.4 s`, `2 min 05 s`, `1 h 02 min`."""
    if 0 < seconds < 0.001:
        return "< 1 ms"
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def moment(when: datetime) -> str:
    """`2026-11-21 09:30 UTC`."""
    return f"{when:%Y-%m-%d %H:%M} {when.tzname() or ''}".rstrip()


def reveal(character: str) -> str:
    """A character that would be invisible, or would reorder its line, as a visible sign."""
    return _NAMED.get(character) or f"⟨U+{ord(character):04X}⟩"


def printable(text: str, *, limit: int = 400) -> str:
    """`text` without hidden characters and cut to `limit`, with its true length where it was cut."""
    kept = HIDDEN.sub(lambda match: reveal(match.group()), text[:limit])
    return kept if len(text) <= limit else f"{kept}… ({count(len(text))} characters)"


def block(text: str, *, limit: int = 2000) -> str:
    """`printable`, with line breaks kept: for queries."""
    kept = "\n".join(printable(line, limit=limit) for line in text[:limit].splitlines())
    return kept if len(text) <= limit else f"{kept}… ({count(len(text))} characters)"


def plain(value: Json) -> str:
    """Any JSON value as exact text; what is neither text nor a number is JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list, tuple, bool)) or value is None:
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def listed(value: Json) -> Json:
    """A list of plain values in words and a number with separators; anything else as it is."""
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (dict, list, tuple)) for item in value):
        return ", ".join(plain(item) for item in value) or None
    return measured(value) if isinstance(value, (int, float)) else value


def measured(value: Json) -> str:
    """A measured value: numbers with thousands separators and six significant digits, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain(value)
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return count(int(value))
    return f"{value:,.6g}" if 1e-4 <= abs(value) < 1e15 else str(value)


def balances(record: RunRecord) -> bool:
    """Rows in = rows out + quarantined + merged."""
    return missing_rows(record) == 0


def missing_rows(record: RunRecord) -> int:
    """Rows in that are neither out, nor quarantined, nor merged."""
    rows = record.rows
    return rows.in_ - rows.out - rows.quarantined - rows.merged


def failures(verdict: Verdict) -> dict[str, int]:
    """Severity → failed rules, worst first, without the severities that nothing failed."""
    counts = {level: sum(not r.passed and r.severity == level for r in verdict.results) for level in SEVERITIES}
    return {level: n for level, n in counts.items() if n}


def verdict_words(verdict: Verdict) -> str:
    """`passed` or `failed`, with what else went wrong: `passed, 2 warnings`."""
    failed = failures(verdict)
    nouns = {"critical": "critical rule", "warning": "warning", "info": "note"}
    parts = [plural(n, nouns[level]) for level, n in failed.items()]
    return ", ".join(["passed" if verdict.passed else "failed", *parts])


def rule_words(rule: RuleResult) -> str:
    """How many rows broke the rule, or why it could not be judged."""
    if rule.error:
        return f"could not be judged: {rule.error}"
    if not rule.failing:
        return "holds" if rule.passed else f"observed {measured(rule.observed)}"
    of = f" of {count(rule.checked)}" if rule.checked else ""
    return f"{count(rule.failing)}{of} rows"


def effect_words(step: StepReport) -> str:
    """What one operation did: `479 cells`, `6 rows quarantined`; `nothing to change` otherwise."""
    parts = [plural(step.changed_cells, "cell")] if step.changed_cells else []
    parts += [f"{plural(step.quarantined_rows, 'row')} quarantined"] if step.quarantined_rows else []
    parts += [f"{plural(step.merged_rows, 'row')} merged"] if step.merged_rows else []
    return ", ".join(parts) or "nothing to change"


def weight(step: StepReport) -> int:
    """How much one operation did, for ordering."""
    return step.changed_cells + step.quarantined_rows + step.merged_rows


def headline(record: RunRecord) -> Headline:
    """The verdict on the whole run."""
    if record.status == "ok":
        return Headline("good", "Published", f"{_rows_sentence(record)} {_gates_sentence(record)}".strip())
    titles: dict[str, tuple[Tone, str]] = {
        "failed_gate": ("bad", "Not published: a gate failed"),
        "failed": ("bad", "Not published: the run failed"),
        "waiting": ("wait", "Waiting for approval"),
        "budget_spent": ("bad", "Not published: the change budget is spent"),
        "running": ("wait", "Still running"),
    }
    tone, title = titles[record.status]
    return Headline(tone, title, " ".join(part for part in (record.message, _gates_sentence(record)) if part))


def _rows_sentence(record: RunRecord) -> str:
    rows = record.rows
    if not rows.in_:
        return "The source holds no rows."
    parts = [f"{count(rows.out)} of {plural(rows.in_, 'row')} came through"]
    parts += [f"{count(rows.quarantined)} went to quarantine"] if rows.quarantined else []
    parts += [f"{plural(rows.merged, 'duplicate was', many='duplicates were')} merged"] if rows.merged else []
    return (parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]) + "."


def _gates_sentence(record: RunRecord) -> str:
    if not record.gates:
        return ""
    failed = [gate.layer for gate in record.gates if not gate.passed]
    lesser = " and ".join(
        plural(total, noun)
        for severity, noun in (("warning", "warning"), ("info", "note"))
        if (total := sum(not r.passed and r.severity == severity for gate in record.gates for r in gate.results))
    )
    hint = f"{lesser} to look at below." if lesser else ""
    if failed:
        rules = sum(not r.passed and r.severity == "critical" for gate in record.gates for r in gate.results)
        gates = " and ".join(failed) + (" gate" if len(failed) == 1 else " gates")
        return f"The {gates} stopped it: {plural(rules, 'critical rule')} did not hold. {hint}".strip()
    return f"Every critical rule held. {hint}".strip() if hint else "Every rule held."
