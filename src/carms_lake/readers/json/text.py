"""JSON text to values and back, with every digit of its numbers; and what is wrong with a text."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

_SHORT = 18
"""Whole numbers of so many characters are exact in every reader of JSON."""
_DECIMAL_DIGITS = 38
"""The most digits that a column can hold exactly."""
_MOST_ZEROS = 350
"""A number with an exponent is written without it where that takes no more zeros than this."""
_HALF_ESCAPES = (b"\\ud", b"\\uD")
_HALF = re.compile(
    rb"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]", re.DOTALL
)


class Number:
    """A number as its text is, where Python's own may not have all of its digits."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def plain(self) -> str:
        """All digits and no exponent; as it is written where that would take hundreds of zeros."""
        try:
            number = Decimal(self.text)
        except InvalidOperation:  # an exponent beyond 18 digits
            return self.text
        has_exponent = "e" in self.text.lower()
        if has_exponent and abs(int(number.as_tuple().exponent)) > _MOST_ZEROS:
            return self.text
        return format(number, "f") if has_exponent else self.text

    @property
    def whole(self) -> str:
        """As `plain`, without a fraction that is zero."""
        whole, _, fraction = self.plain.partition(".")
        return self.plain if fraction.strip("0") else whole


class NotAsJson(ValueError):
    """A value cannot be written as JSON that every reader takes."""


def loaded(data: bytes, *, is_exact: bool = True) -> Any:
    """The JSON value; the last of equal keys wins.

    Numbers are `Number` or short `int`; where not `is_exact` they are those of Python, `Decimal`
    where a float has not all digits.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
    """
    # Half of an escaped character is not text; Python's parser takes it.
    if is_exact and any(half in data for half in _HALF_ESCAPES):
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError as error:
            if "infinity" not in error.msg:  # a number beyond its floats is JSON all the same
                raise
            if half := _HALF.search(data):
                at = len(data[: half.start()].decode("utf-8"))
                raise orjson.JSONDecodeError("half of a character", error.doc, at) from None
    try:
        return (_EXACT if is_exact else _OF_PYTHON).decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        # Nested deeper than Python's parser goes, which no contract's path is; else it tells why.
        return orjson.loads(data)


def dumped(value: Any) -> str:
    """The value as JSON without blanks, its numbers as they are in the text.

    Raises:
        NotAsJson: it is nested too deeply, or has a number that is infinite to most readers.
    """
    try:
        return orjson.dumps(value, default=_fragment).decode()
    except orjson.JSONEncodeError as error:
        cause = error.__cause__
        said = str(cause) if isinstance(cause, NotAsJson) else _TOO_DEEP
        raise NotAsJson(said) from error


_TOO_DEEP = "values are nested more than 254 deep"


def _fragment(value: Any) -> orjson.Fragment:
    if not isinstance(value, Number):
        raise TypeError(type(value))
    if float(value.text) in (float("inf"), float("-inf")):
        raise NotAsJson(f"the number {value.text[:80]} is larger than readers of JSON can take")
    return orjson.Fragment(value.text)


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _SHORT and text != "-0" else Number(text)


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= _DECIMAL_DIGITS else float(text)


def _fraction(text: str) -> float | Decimal:
    number = float(text)
    is_exact = repr(number) == text or len(text) <= _SHORT - 2 or "e" in text.lower()
    return number if is_exact or len(text) > _DECIMAL_DIGITS else Decimal(text)


def _no_constant(text: str) -> Any:
    raise ValueError(text)


_EXACT = json.JSONDecoder(parse_float=Number, parse_int=_integer, parse_constant=_no_constant)
_OF_PYTHON = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=_no_constant)

_CUT_OFF = "the file may be cut off: have it sent again"
_FAULTS = (
    (r"[+-]?(nan|inf(inity)?)\b", "is not a value in JSON",
     "have it written as null; Python's `json.dump` refuses it with `allow_nan=False`"),
    (r"(None|True|False|undefined)\b", "is not a value in JSON",
     "have the file written by a JSON writer, such as Python's `json.dump`"),
    (r"//|/\*|#", "begins a comment, and JSON has none", "have the comments removed"),
    (r"'", "is not how JSON quotes",
     "have texts and keys written in double quotes, by a JSON writer such as `json.dump`"),
    (r"[A-Za-z_$][\w$]*\s*:", "is a key without quotes",
     "have keys written in double quotes, by a JSON writer"),
)  # fmt: skip
"""What is there in place of a value: a pattern, what it is, and what to do."""


def json_fault(data: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    """What is wrong with a text that is not JSON, and what to do about it."""
    here = data.decode("utf-8", "replace")[error.pos :]
    before = data.decode("utf-8", "replace")[: error.pos].rstrip()
    for pattern, what, hint in _FAULTS:
        if match := re.match(pattern, here, re.IGNORECASE if "nan" in pattern else 0):
            return f"`{match[0].rstrip(' :')}` {what}", hint
    if "trailing comma" in error.msg or (before.endswith(",") and here.startswith(("]", "}"))):
        return "trailing comma is not allowed", "have the comma before the closing bracket removed"
    if "after document" in error.msg:
        return (
            "there is more after the end of the JSON value",
            "have all records written into one array; or one per line, with the format `jsonl`",
        )
    if "UTF-8" in error.msg:
        return error.msg, "name the file's encoding in the contract's `carms.encoding`"
    if "control character" in error.msg:
        return error.msg, "have line ends and tabs in texts written as `\\n` and `\\t`"
    is_cut = "end of" in error.msg or not here.strip()
    return error.msg, _CUT_OFF if is_cut else "have the file written by a JSON writer"
