"""ODCS's own checks (`nullValues`, `duplicateValues`, `rowCount`…) as Oreflow's rules, where they mean the same.

What has no equal here is kept in the file and not judged; `lint` says so.
"""

from typing import Any

from oreflow.contract import Rule

_SEVERITIES: dict[str, Any] = {"error": "critical", "critical": "critical", "warning": "warning", "info": "info"}


def library_rule(quality: dict[str, Any], column: str | None, at: int) -> Rule | None:
    """The rule that a library check states, or None for one that Oreflow can't judge exactly."""
    if quality.get("type", "library") != "library":
        return None
    metric = quality.get("metric", quality.get("rule"))
    stated = _stated(str(metric), quality, column)
    severity = _SEVERITIES.get(str(quality.get("severity", "error")))
    if stated is None or severity is None:
        return None
    kind, arguments, mostly = stated
    name = str(quality.get("name") or f"odcs:{column or 'table'}:{metric}:{at}")
    about = str(quality.get("description") or "")
    on = column if kind not in ("row_count", "compound_unique") else None
    given: dict[str, Any] = {"severity": severity, "mostly": mostly, "description": about}
    return Rule(id=name, kind=kind, column=on, arguments=arguments, **given)


def _stated(metric: str, quality: dict[str, Any], column: str | None) -> tuple[str, dict[str, Any], float] | None:
    said = quality.get("arguments")
    arguments = said if isinstance(said, dict) else {}
    if metric == "rowCount":
        bounds = _row_bounds(quality)
        return None if bounds is None else ("row_count", bounds, 1.0)
    mostly = _share_that_holds(quality)
    if mostly is None:
        return None
    if metric == "nullValues" and column:
        return "not_null", {}, mostly
    if metric == "duplicateValues" and mostly == 1.0:
        names = arguments.get("properties")
        if column:
            return "unique", {}, 1.0
        return ("compound_unique", {"columns": names}, 1.0) if isinstance(names, list) and len(names) > 1 else None
    if metric == "invalidValues" and column and isinstance(arguments.get("validValues"), list):
        return "in_set", {"values": arguments["validValues"]}, mostly
    return None


def _share_that_holds(quality: dict[str, Any]) -> float | None:
    """1.0 for "none may be wrong", less for a percentage that may be; other counts have no exact equal."""
    if quality.get("mustBe") == 0 or quality.get("mustBeLessOrEqualTo") == 0:
        return 1.0
    share = quality.get("mustBeLessOrEqualTo")
    if quality.get("unit") == "percent" and isinstance(share, int | float) and not isinstance(share, bool):
        return round(1 - share / 100, 12) if 0 <= share <= 100 else None
    return None


def _row_bounds(quality: dict[str, Any]) -> dict[str, Any] | None:
    limits = {k: v for k, v in quality.items() if k.startswith("must")}
    if len(limits) != 1:
        return None
    name, value = next(iter(limits.items()))
    if name == "mustBeBetween" and isinstance(value, list) and all(isinstance(v, int) for v in value):
        return {"min": value[0], "max": value[1]}
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    known = {
        "mustBe": {"min": value, "max": value},
        "mustBeGreaterThan": {"min": value + 1},
        "mustBeGreaterOrEqualTo": {"min": value},
        "mustBeLessThan": {"min": 0, "max": value - 1},
        "mustBeLessOrEqualTo": {"min": 0, "max": value},
    }
    return known.get(name)
