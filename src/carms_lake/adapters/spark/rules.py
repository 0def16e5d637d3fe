"""How expressions of DuckDB are said to Spark, where sqlglot leaves them as they are, or errs.

A rule takes a node of sqlglot's tree and returns what Spark understands in its place, or the node
itself. Each is for one construct, and needed: a test shows what differs without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

Rule = Callable[[exp.Expr], exp.Expr]

_LAST_MOMENT = "9999-12-31 23:59:59.999999"


def call(name: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    """A call of a function of Spark."""
    words = [word if isinstance(word, exp.Expr) else literal(word) for word in arguments]
    return exp.Anonymous(this=name, expressions=words)


def literal(value: str | int) -> exp.Expr:
    """A text or a number."""
    return exp.Literal.number(value) if isinstance(value, int) else exp.Literal.string(value)


def is_call(node: exp.Expr, name: str) -> bool:
    """Whether a node calls a function that sqlglot does not know."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == name


def surrogate_key(node: exp.Expr) -> exp.Expr:
    """53 bits of an MD5: of its last eight bytes, the last one first, in two halves.

    Spark has no such function, and no number of 64 bits without a sign.
    """
    if not is_call(node, "surrogate_key"):
        return node
    (parts,) = node.expressions
    texts = [
        exp.Coalesce(this=exp.cast(part, "string"), expressions=[call("chr", 30)])
        for part in parts.expressions
    ]
    digest = call("substr", call("md5", call("concat_ws", call("chr", 31), *texts)), 17, 16)
    turned = call("regexp_replace", digest, f"^{'(..)' * 8}$", "$8$7$6$5$4$3$2$1")

    def half(start: int) -> exp.Expr:
        digits = call("substr", turned.copy(), start, 8)
        return exp.cast(call("conv", digits, 16, 10), "bigint")

    upper, lower = call("shiftleft", half(1), 21), call("shiftright", half(9), 11)
    return exp.paren(exp.Add(this=upper, expression=lower))


def isoyear(node: exp.Expr) -> exp.Expr:
    """The year of an ISO week is that of its Thursday; Sail has no YEAROFWEEK."""
    if not is_call(node, "isoyear"):
        return node
    monday = exp.cast(exp.TimestampTrunc(this=node.expressions[0], unit=exp.var("WEEK")), "date")
    return call("year", call("date_add", monday, 3))


def isodow(node: exp.Expr) -> exp.Expr:
    """Monday is 1: sqlglot's own is two days off, and weekday() of Sail is, on Sundays."""
    if not isinstance(node, exp.DayOfWeekIso):
        return node
    since_monday = exp.Mod(
        this=exp.paren(exp.Add(this=call("dayofweek", node.this), expression=literal(5))),
        expression=literal(7),
    )
    return exp.paren(exp.Add(this=since_monday, expression=literal(1)))


def week(node: exp.Expr) -> exp.Expr:
    """The ISO week, which Spark calls otherwise."""
    return call("weekofyear", node.this) if isinstance(node, exp.Week) else node


def names_of_days(node: exp.Expr) -> exp.Expr:
    """In full: Spark's dayname() and monthname() give three letters."""
    if isinstance(node, exp.Dayname | exp.Monthname):
        letters = "EEEE" if isinstance(node, exp.Dayname) else "MMMM"
        return call("date_format", node.this, letters)
    return node


def epoch_us(node: exp.Expr) -> exp.Expr:
    """Microseconds since 1970; Spark counts them for times with a zone alone."""
    if not is_call(node, "epoch_us"):
        return node
    return call("unix_micros", exp.cast(node.expressions[0], exp.DType.TIMESTAMPLTZ))


def letters_of_formats(node: exp.Expr) -> exp.Expr:
    """Quoted where they are meant, as the T in a time: for Spark each letter is a field."""
    if not isinstance(node, exp.TimeToStr) or not node.args["format"].is_string:
        return node
    quoted = re.sub(
        "%.|[A-Za-z]+",
        lambda found: found[0] if found[0][0] == "%" else f"'{found[0]}'",
        node.args["format"].name,
    )
    return exp.TimeToStr(this=node.this, format=literal(quoted))


def infinity(node: exp.Expr) -> exp.Expr:
    """The end of the year 9999: Spark's times are all finite."""
    is_it = isinstance(node, exp.Cast) and node.this.is_string and node.this.name == "infinity"
    return exp.Cast(this=literal(_LAST_MOMENT), to=node.args["to"]) if is_it else node


def hugeint(node: exp.Expr) -> exp.Expr:
    """A decimal of 38 digits: the largest whole numbers that Spark has."""
    is_it = isinstance(node, exp.DataType) and node.is_type(exp.DType.INT128)
    return exp.DataType.build("decimal(38, 0)") if is_it else node


def sign(node: exp.Expr) -> exp.Expr:
    """A whole number: Spark's is a double, which makes doubles of decimals next to it."""
    if isinstance(node, exp.Sign) and not isinstance(node.parent, exp.Cast):
        return exp.cast(exp.Sign(this=node.this), "int")
    return node


def days_between(node: exp.Expr) -> exp.Expr:
    """A number: Spark's difference of two dates is an interval.

    That they are dates is known of columns that are written with their tables.
    """
    if isinstance(node, exp.Sub) and node.this.is_type("date") and node.expression.is_type("date"):
        return call("datediff", node.this, node.expression)
    return node


def quotient(node: exp.Expr) -> exp.Expr:
    """Of doubles, as DuckDB divides: Spark divides decimals as decimals, with fewer digits."""
    if not isinstance(node, exp.Div):
        return node
    left, right = (exp.cast(exp.paren(x), "double") for x in (node.this, node.expression))
    return exp.Div(this=left, expression=right)


def rounded_quotient(node: exp.Expr) -> exp.Expr:
    """A quotient as a decimal: DuckDB rounds the double, Spark the digits it is written with."""
    if not (isinstance(node, exp.Cast) and node.is_type(exp.DType.DECIMAL)):
        return node
    size = [int(part.name) for part in node.args["to"].expressions]
    if len(size) != 2 or not isinstance(node.this.unnest(), exp.Div):  # noqa: PLR2004 - precision, scale
        return node
    precision, scale = size
    ten, unit = f"1{'0' * scale}", f"0.{'0' * (scale - 1)}1" if scale else "1"
    shifted = exp.Mul(this=exp.paren(node.this), expression=exp.cast(literal(ten), "double"))
    whole = exp.cast(call("round", shifted), f"decimal({precision}, 0)")
    step = exp.cast(literal(unit), f"decimal({scale + 1}, {scale})")
    back = exp.Mul(this=whole, expression=step)
    return exp.cast(back, node.args["to"].copy())


EXPRESSIONS: tuple[Rule, ...] = (
    surrogate_key,
    isoyear,
    isodow,
    week,
    names_of_days,
    epoch_us,
    letters_of_formats,
    infinity,
    hugeint,
    rounded_quotient,
    sign,
    days_between,
    quotient,
)
"""In this order: a quotient is rounded before its sides become doubles."""
