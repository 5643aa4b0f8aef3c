"""Shapes: what a value looks like when only the kind of each character counts."""

from collections.abc import Mapping


def dominant_shape(counts: Mapping[str, int]) -> tuple[str, float]:
    """The commonest character shape (`9` digit, `A` capital, `a` small letter) and its share of the cells."""
    shapes: dict[str, int] = {}
    for value, count in counts.items():
        shape = shape_of(value)
        shapes[shape] = shapes.get(shape, 0) + count
    total = sum(shapes.values())
    if not total:
        return "", 0.0
    best = max(shapes, key=lambda s: (shapes[s], s))
    return (best, shapes[best] / total) if len(best) <= 60 else ("", 0.0)


def shape_of(value: str) -> str:
    """`9` for a digit, `A` for a capital, `a` for another letter, every other sign as it is."""
    return "".join("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value[:80])
