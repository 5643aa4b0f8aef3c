"""SQL expressions over one row as narwhals expressions, so that a contract's feature gives the same cells everywhere.

The rule: what is not translated here is refused by name. There are no subqueries, no files and no other rows to reach.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

import narwhals as nw

from oreflow.arithmetic import quotient, rounded
from oreflow.errors import ContractError, SourceError, UnknownName
from oreflow.sql import column_names, expression_tree

Node = Mapping[str, Any]
Columns = Mapping[str, str]

_COMPARISONS: dict[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "COMPARE_EQUAL": lambda a, b: a == b,
    "COMPARE_NOTEQUAL": lambda a, b: a != b,
    "COMPARE_LESSTHAN": lambda a, b: a < b,
    "COMPARE_LESSTHANOREQUALTO": lambda a, b: a <= b,
    "COMPARE_GREATERTHAN": lambda a, b: a > b,
    "COMPARE_GREATERTHANOREQUALTO": lambda a, b: a >= b,
}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("double", "float", "real", "decimal", "numeric"), nw.Float64()),
    **dict.fromkeys(("varchar", "text", "string", "char"), nw.String()),
    "boolean": nw.Boolean(),
    "timestamp": nw.Datetime("us"),
    "date": nw.Date(),
}
_STEPS = {"second": ("1s", 1), "minute": ("1m", 60), "hour": ("1h", 3600), "day": ("1d", 86400)}


def _text(value: nw.Expr) -> nw.Expr:
    return value.cast(nw.String())


_ONE: dict[str, Callable[[nw.Expr], nw.Expr]] = {
    "abs": lambda a: a.abs(),
    "floor": lambda a: a.cast(nw.Float64()).floor(),
    "ceil": lambda a: a.cast(nw.Float64()).ceil(),
    "sqrt": lambda a: a.cast(nw.Float64()).sqrt(),
    "round": lambda a: rounded(a.cast(nw.Float64()), 0),
    "lower": lambda a: _text(a).str.to_lowercase(),
    "upper": lambda a: _text(a).str.to_uppercase(),
    "trim": lambda a: _text(a).str.strip_chars(),
    "length": lambda a: _text(a).str.len_chars().cast(nw.Int64()),
    "year": lambda a: a.dt.year().cast(nw.Int64()),
    "month": lambda a: a.dt.month().cast(nw.Int64()),
    "day": lambda a: a.dt.day().cast(nw.Int64()),
    "-": lambda a: 0 - a,
    "+": lambda a: a,
}
_TWO: dict[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": quotient,
    "||": lambda a, b: nw.concat_str(_text(a), _text(b)),
    "nullif": lambda a, b: nw.when((a != b) | b.is_null()).then(a),
}
_SPECIAL = ("round", "date_diff", "datediff", "if")
FUNCTIONS = tuple(sorted({*_ONE, *_TWO, *_SPECIAL, "coalesce"}))


def row_expression(expression: str, columns: Iterable[str]) -> nw.Expr:
    """The narwhals form of a SQL expression over `columns`; raises `ContractError` or `UnknownName` with the fix."""
    return _translate(_parsed(expression), {name.casefold(): name for name in columns})


def columns_of(expression: str) -> tuple[str, ...]:
    """The columns that a SQL expression reads."""
    return tuple(column_names(_parsed(expression)))


def _parsed(expression: str) -> Node:
    try:
        return expression_tree(expression)
    except SourceError as error:
        raise ContractError(f"{error} Write what could stand after SELECT, over the columns of one row.") from error


def _translate(node: Node, columns: Columns) -> nw.Expr:
    kind = str(node["class"])
    if kind not in _NODES:
        raise ContractError(
            f"{kind.lower()} can't stand in a row expression; use columns, literals, CASE and functions."
        )
    return _NODES[kind](node, columns)


def _column(node: Node, columns: Columns) -> nw.Expr:
    name = str(node["column_names"][-1])
    if name.casefold() not in columns:
        raise UnknownName("column", name, columns.values())
    return nw.col(columns[name.casefold()])


def _constant(node: Node, columns: Columns) -> nw.Expr:
    kind, text = node["literal"]["kind"], str(node["literal"]["text"])
    if kind == "NULL_LITERAL":
        return nw.lit(None)
    values: dict[str, Callable[[str], Any]] = {"INTEGER": int, "NUMERIC": float, "STRING": str}
    return nw.lit(values[kind](text)) if kind in values else nw.lit(text == "true")


def _comparison(node: Node, columns: Columns) -> nw.Expr:
    if node["type"] not in _COMPARISONS:
        raise ContractError(f"the comparison {node['type']} is not supported; use =, <>, <, <=, > or >=.")
    return _COMPARISONS[node["type"]](_translate(node["left"], columns), _translate(node["right"], columns))


def _conjunction(node: Node, columns: Columns) -> nw.Expr:
    parts = [_translate(child, columns) for child in node["children"]]
    return reduce(lambda a, b: a & b if node["type"].endswith("AND") else a | b, parts)


def _between(node: Node, columns: Columns) -> nw.Expr:
    value = _translate(node["input"], columns)
    return (value >= _translate(node["lower"], columns)) & (value <= _translate(node["upper"], columns))


def _case(node: Node, columns: Columns) -> nw.Expr:
    result = _translate(node["else_expr"], columns)
    for check in reversed(node["case_checks"]):
        result = (
            nw.when(_translate(check["when_expr"], columns))
            .then(_translate(check["then_expr"], columns))
            .otherwise(result)
        )
    return result


def _cast(node: Node, columns: Columns) -> nw.Expr:
    name = str(node["type_expr"]["type_name"]).lower()
    if name not in _TYPES:
        raise ContractError(f"can't cast to {name}; known: {', '.join(_TYPES)}. Whole numbers: round(x) or floor(x).")
    return _translate(node["child"], columns).cast(_TYPES[name])


def _operator(node: Node, columns: Columns) -> nw.Expr:
    parts = [_translate(child, columns) for child in node["children"]]
    match node["type"]:
        case "OPERATOR_IS_NULL":
            return parts[0].is_null()
        case "OPERATOR_IS_NOT_NULL":
            return ~parts[0].is_null()
        case "OPERATOR_NOT":
            return ~parts[0]
        case "OPERATOR_COALESCE":
            return nw.coalesce(*parts)
        case "COMPARE_IN":
            return reduce(lambda a, b: a | b, [parts[0] == part for part in parts[1:]])
        case other:
            raise ContractError(f"the operator {other} is not supported in a row expression.")


def _function(node: Node, columns: Columns) -> nw.Expr:
    name, inputs = str(node["function_name"]).lower(), [a["expression"] for a in node["arguments"]]
    if name in ("date_diff", "datediff") and len(inputs) == 3:
        return _date_diff(inputs, columns)
    if name == "round" and len(inputs) == 2:
        return rounded(_translate(inputs[0], columns).cast(nw.Float64()), _whole(inputs[1]))
    parts = [_translate(part, columns) for part in inputs]
    if name == "if" and len(parts) == 3:
        return nw.when(parts[0]).then(parts[1]).otherwise(parts[2])
    if len(parts) == 1 and name in _ONE:
        return _ONE[name](parts[0])
    if len(parts) == 2 and name in _TWO:
        return _TWO[name](parts[0], parts[1])
    raise ContractError(f"{UnknownName('function', name, FUNCTIONS)} ({len(parts)} arguments given)")


def _whole(node: Node) -> int:
    if node["class"] != "CONSTANT" or node["literal"]["kind"] != "INTEGER":
        raise ContractError("round takes a whole number of places, as in round(x, 2).")
    return int(node["literal"]["text"])


def _date_diff(inputs: list[Any], columns: Columns) -> nw.Expr:
    """How many starts of a unit lie between two moments, as DuckDB counts them."""
    unit = str(inputs[0].get("literal", {}).get("text", "")).lower()
    if unit not in _STEPS:
        raise ContractError(f'date_diff counts {", ".join(_STEPS)}, not "{unit}".')
    every, seconds = _STEPS[unit]
    start, end = (_translate(part, columns).cast(nw.Datetime("us")).dt.truncate(every) for part in inputs[1:])
    # On some engines the seconds come as a float with NaN for null until they are cast.
    return quotient((end - start).dt.total_seconds().cast(nw.Float64()), nw.lit(seconds)).cast(nw.Int64())


_NODES: dict[str, Callable[[Node, Columns], nw.Expr]] = {
    "COLUMN_REF": _column,
    "CONSTANT": _constant,
    "COMPARISON": _comparison,
    "CONJUNCTION": _conjunction,
    "BETWEEN": _between,
    "CASE": _case,
    "CAST": _cast,
    "OPERATOR": _operator,
    "FUNCTION": _function,
}
