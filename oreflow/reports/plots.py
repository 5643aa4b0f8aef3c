"""Plots: small inline SVG drawings as pure functions of numbers; every label is escaped, colours come from the page.

Each drawing says in `aria-label` what it shows and every bar carries a `<title>`. Fills stand in the markup too, so
that a mail program that drops the style sheet still draws them.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

from oreflow.reports.words import count, plural, printable

Pairs = Sequence[tuple[str, int]]
WIDTH = 280
MAX_BARS, MAX_BINS = 8, 60


def bars(pairs: Pairs, *, label: str) -> Markup:
    """Horizontal bars, one per value: the first few in full, the rest as one line."""
    shown = [*pairs[:MAX_BARS]]
    if len(pairs) > MAX_BARS:
        rest = pairs[MAX_BARS - 1 :]
        shown = [*pairs[: MAX_BARS - 1], (f"{plural(len(rest), 'other')}", sum(n for _, n in rest))]
    most = max((n for _, n in shown), default=0) or 1
    rows = [_bar_row(name, number, most=most, top=i * 20) for i, (name, number) in enumerate(shown)]
    return _svg(rows, height=len(shown) * 20, label=label)


def _bar_row(name: str, number: int, *, most: int, top: int) -> Markup:
    whole = printable(name, limit=200) or "(empty text)"
    short = whole if len(whole) <= 18 else whole[:17] + "…"
    length = _length(number, most, 108)
    # A nested drawing clips the label: the width of a letter is the browser's to know.
    label = (
        '<svg x="0" y="{}" width="108" height="20" overflow="hidden" aria-hidden="true">'
        '<text x="0" y="13" class="t">{}</text></svg>'
    )
    return Markup("<g><title>{}: {}</title>" + label).format(whole, count(number), top, short) + Markup(
        '<rect x="112" y="{}" width="{}" height="12" rx="2" fill="#4d7c8a" class="bar"/>'
        '<text x="{}" y="{}" text-anchor="end" class="t n">{}</text></g>'
    ).format(top + 3, length, WIDTH, top + 13, count(number))


def histogram(pairs: Pairs, *, label: str) -> Markup:
    """Upright bars in the order given, with the first and the last label below."""
    binned = _pooled(pairs)
    most = max((n for _, n in binned), default=0) or 1
    step = WIDTH / max(len(binned), 1)
    gap = 1 if len(binned) > 1 else 0
    rows = [
        Markup(
            '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="#4d7c8a" class="bar">'
            "<title>{}: {}</title></rect>"
        ).format(i * step, 60 - h, step - gap, h, printable(name, limit=80), count(number))
        for i, (name, number) in enumerate(binned)
        for h in (_length(number, most, 58),)
    ]
    axis = Markup('<line x1="0" y1="60.5" x2="{}" y2="60.5" stroke="#99a" class="axis"/>').format(WIDTH)
    ends = [(binned[0][0], 0, "start"), (binned[-1][0], WIDTH, "end")] if len(binned) > 1 else []
    ends = ends or [(name, WIDTH // 2, "middle") for name, _ in binned]
    texts = [
        Markup('<text x="{}" y="75" text-anchor="{}" class="t">{}</text>').format(x, anchor, _short(name, limit=22))
        for name, x, anchor in ends
    ]
    return _svg([*rows, axis, *texts], height=80, label=label)


def flow(parts: Pairs, *, label: str) -> Markup:
    """One bar split by share: every part has its own pattern, and one that is not nothing is at least a sliver."""
    total = sum(max(n, 0) for _, n in parts) or 1
    widths = [max(1000 * n / total, 6.0) if n > 0 else 0.0 for _, n in parts]
    scale = 1000 / (sum(widths) or 1)
    left, drawn = 0.0, [_HATCH]
    for (name, number), width in zip(parts, (w * scale for w in widths), strict=True):
        drawn += [_flow_part(name, number, left=left, width=width)] if width else []
        left += width
    return Markup(
        '<svg class="flow" role="img" aria-label="{}" viewBox="0 0 1000 26" width="100%" height="26" '
    ).format(label) + Markup('preserveAspectRatio="none">{}</svg>').format(Markup("").join(drawn))


# Stripes and dots, so that the parts differ without colour as well.
_HATCH = Markup(
    '<defs><pattern id="stripes" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="#c98a2b" class="part-quarantined"/><rect width="2" height="7" fill="#fff" '
    'fill-opacity=".45"/></pattern><pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect width="7" height="7" fill="#7a8796" class="part-merged"/><rect x="2" y="2" width="2" height="2" '
    'fill="#fff" fill-opacity=".6"/></pattern></defs>'
)
_FILLS = {"out": "#2c7a5b", "quarantined": "url(#stripes)", "merged": "url(#dots)"}


def _flow_part(name: str, number: int, *, left: float, width: float) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="0" width="{:.1f}" height="26" fill="{}" class="part-{}"><title>{}: {}</title></rect>'
    ).format(left, max(width - 1.5, 1), _FILLS.get(name, "#999"), name, name, count(number))


def pair(before: float | None, after: float | None, *, whole: float = 1.0, label: str) -> Markup:
    """Two thin bars, before above after, on one scale from nothing to `whole`."""
    rows = [
        Markup(
            '<rect x="0" y="{}" width="100" height="5" rx="1" fill="#ddd" class="track"/>'
            '<rect x="0" y="{}" width="{:.1f}" height="5" rx="1" fill="{}" class="{}"/>'
        ).format(top, top, _length(value, whole, 100), fill, name)
        for top, value, name, fill in ((0, before, "was", "#9aa4af"), (7, after, "is", "#2c7a5b"))
        if value is not None
    ]
    head = Markup('<svg class="pair" role="img" aria-label="{}" viewBox="0 0 100 12" width="100" height="12" ')
    return head.format(label) + Markup('preserveAspectRatio="none">{}</svg>').format(Markup("").join(rows))


def _svg(parts: Sequence[Markup], *, height: int, label: str) -> Markup:
    head = Markup('<svg class="plot" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">')
    return head.format(label, WIDTH, height, WIDTH, height) + Markup("").join(parts) + Markup("</svg>")


def _length(value: float, most: float, room: float) -> float:
    """The drawn length: in proportion, and visible where the value is not nothing."""
    if value != value or value <= 0 or most <= 0:
        return 0.0
    return round(min(max(value / most * room, 1.5), room), 1)


def _pooled(pairs: Pairs) -> list[tuple[str, int]]:
    """Neighbouring bins summed until they fit; a pooled bin is named from its first to its last."""
    size = -(-len(pairs) // MAX_BINS) or 1
    groups = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    return [
        (str(g[0][0]) if len(g) == 1 else f"{g[0][0]} … {g[-1][0]}", sum(number for _, number in g)) for g in groups
    ]


def _short(name: str, *, limit: int) -> Markup:
    text = printable(name, limit=200)
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")
