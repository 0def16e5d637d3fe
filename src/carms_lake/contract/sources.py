"""How the files of a bronze table are read, out of the contract's keys under `carms.`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from carms_lake.contract.keys import listed, texts
from carms_lake.contract.model import Column, Delivery, NewColumns, SourceSpec
from carms_lake.contract.spelling import (
    AUTO,
    FALSE_WORDS,
    NO_HEADER,
    TRUE_WORDS,
    Cells,
    Extent,
    SeriesOrder,
    SeriesSpec,
    Spelling,
    parsed_format,
)
from carms_lake.contract.types import FORMATS
from carms_lake.names import folded

_RENAMED = {"set_aside": "reject"}
"""Old spelling of a value -> the new one; accepted until the next version."""
_TEXT = ("csv", "json", "jsonl")
_USED_BY = {
    "header": ("csv", "xlsx"),
    "tableEnd": ("csv", "xlsx"),
    "sheet": ("xlsx",),
    "range": ("xlsx",),
    "records": ("json",),
    "escape": ("csv",),
    "delimiter": ("csv",),
    "quote": ("csv",),
    "encoding": _TEXT,
    "trim": ("csv",),
}
"""Keys that some formats cannot use, and those that can."""
_NUMBERS = ("smallint", "integer", "bigint", "double", "decimal")
_SPELLED = {
    "formats": ("date", "timestamp"),
    "decimalMark": _NUMBERS,
    "thousandsSeparator": _NUMBERS,
    "trueWords": ("boolean",),
    "falseWords": ("boolean",),
}
"""Keys about values, and the types of the columns whose values they are about."""
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})?(?::\$?([A-Z]{1,3})\$?(\d{1,7})?)?")
_KEY = re.compile(r"""\.?([^.\[\]"'*]+)|\["([^"]+)"\]|\['([^']+)'\]""")


def source_spec(own: Mapping[str, Any]) -> SourceSpec:
    """Where the files of a bronze table are and how they are read.

    Raises:
        KeyError: a key is missing.
        ValueError: a value is not one, or a key that the format cannot use.
    """
    for key in ("files", "format"):
        if not own.get(key):
            raise KeyError(f"carms.{key}")
    formats = texts(own, "format")
    _ensure_used(own, formats)
    policy = own.get("newColumns") or "refuse"
    encoding = own.get("encoding") or "utf-8"
    by_name = encoding if isinstance(encoding, dict) else {}
    return SourceSpec(
        files=texts(own, "files"),
        formats=formats,
        delivery=Delivery(own.get("delivery") or "append"),
        series=_series(own["series"]) if own.get("series") else None,
        encoding="utf-8" if by_name else str(encoding).lower(),
        encodings=tuple((str(glob), str(name).lower()) for glob, name in by_name.items()),
        delimiter=str(own.get("delimiter") or ","),
        quote="" if own.get("quote") == "none" else str(own.get("quote") or '"'),
        escape=str(own.get("escape") or ""),
        sheet=_sheet(own.get("sheet")),
        extent=_extent(own),
        drop_columns=texts(own, "dropColumns"),
        null_values=texts(own, "nullValues") or ("",),
        trim=bool(own.get("trim")),
        may_be_empty=bool(own.get("mayBeEmpty")),
        new_columns=NewColumns(_RENAMED.get(policy, policy)),
        merge_surplus_into=own.get("mergeSurplusInto"),
    )


def _ensure_used(own: Mapping[str, Any], formats: Iterable[str]) -> None:
    """Raises ValueError for a key that no format of the source can use."""
    if not set(formats) <= set(FORMATS):
        return  # a format that a package adds may use any of them
    for key, usable in _USED_BY.items():
        if own.get(key) is not None and not set(formats) & set(usable):
            named = " and ".join(usable)
            raise ValueError(
                f"`carms.{key}` is for files of the format {named}, and these are "
                f"{', '.join(formats)}: leave it out"
            )
    if own.get("header") == NO_HEADER and own.get("dropColumns"):
        raise ValueError("`carms.dropColumns` names headers, and there are none: name all columns")


def _series(value: Any) -> SeriesSpec:
    if not isinstance(value, dict) or ("path" in value) == ("column" in value):
        raise ValueError(
            f"`carms.series` is `{value}`: write `{{path: pattern, order: dated}}`, or `column` in "
            "place of `path`"
        )
    for name in value.keys() - {"path", "column", "order"}:
        raise ValueError(f"`carms.series` has the unknown key `{name}`")
    order = SeriesOrder(value.get("order") or "natural")
    where = {key: str(value[key]) for key in ("path", "column") if key in value}
    return SeriesSpec(order, **where)


def _sheet(value: Any) -> str | int | None:
    if value is None or (isinstance(value, str) and value):
        return value
    if _is_place(value):
        return int(value)
    raise ValueError(
        f"`carms.sheet` is `{value}`: write its name, or its number (1 is the first sheet)"
    )


def _is_place(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _extent(own: Mapping[str, Any]) -> Extent:
    header = own.get("header")
    if header not in (None, AUTO, NO_HEADER) and not _is_place(header):
        raise ValueError(
            f"`carms.header` is `{header}`: write the number of its row (1 is the first), "
            "`auto` or `none`"
        )
    ends = texts(own, "tableEnd")
    for pattern in ends:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(
                f"`carms.tableEnd`: `{pattern}` is not a regular expression: {error}"
            ) from None
    return Extent(header, ends, _cells(own.get("range")), _path(own.get("records")))


def _cells(value: Any) -> Cells | None:
    if value is None:
        return None
    found = _RANGE.fullmatch(str(value).upper())
    if found is None:
        raise ValueError(f"`carms.range` is `{value}`: write cells such as `B4:H200` or `B:H`")
    first, row, last, last_row = found.groups()
    cells = Cells(
        int(row or 1),
        int(last_row) if last_row else None,
        _column_number(first),
        _column_number(last) if last else None,
        str(value),
    )
    is_empty = cells.first_row > (cells.last_row or cells.first_row) or cells.first_row < 1
    if is_empty or cells.first_column > (cells.last_column or cells.first_column):
        raise ValueError(f"`carms.range` is `{value}`: name the upper left cell first")
    return cells


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _path(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    rest = str(value).removeprefix("$")
    keys: list[str] = []
    while rest:
        found = _KEY.match(rest)
        if found is None:
            raise ValueError(
                f"`carms.records` is `{value}`: write the keys that lead to the array, as in "
                '`$.data.items` or `$["data.items"]`'
            )
        keys.append(next(filter(None, found.groups())))
        rest = rest[found.end() :]
    return tuple(keys)


def spelling(own: Mapping[str, Any], table: Mapping[str, Any], kind: str) -> Spelling | None:
    """How the values of a column of a type are written; None where it is the usual way.

    `own` are the column's keys, `table` those that hold for all columns that they fit.

    Raises:
        ValueError: a value is not one, or a key is not for this type.
    """
    for key, kinds in _SPELLED.items():
        if own.get(key) is not None and kind not in kinds:
            raise ValueError(f"`carms.{key}` is for columns of {', '.join(kinds)}, not of {kind}")
    said = {key: own.get(key, table.get(key)) for key, kinds in _SPELLED.items() if kind in kinds}
    formats = texts(said, "formats")
    for text in formats:
        if kind == "date" and parsed_format(text).parts & {"z", "Z"}:
            raise ValueError(f"the format `{text}` has a zone, and a date has none")
        parsed_format(text)
    mark = "." if said.get("decimalMark") is None else said["decimalMark"]
    thousands = tuple(dict.fromkeys(texts(said, "thousandsSeparator")))
    for key, one in (("decimalMark", mark), *(("thousandsSeparator", t) for t in thousands)):
        if not isinstance(one, str) or len(one) != 1 or one.isalnum() or one in "+-":
            raise ValueError(f"`carms.{key}` is `{one}`: write one character")
    if mark in thousands:
        raise ValueError(f"`carms.decimalMark` and `carms.thousandsSeparator` are both `{mark}`")
    true, false = (
        tuple(word.lower() for word in _words(said, key)) for key in ("trueWords", "falseWords")
    )
    if true or false:
        true, false = true or TRUE_WORDS, false or FALSE_WORDS
    if both := set(true) & set(false):
        raise ValueError(f"`{min(both)}` means both true and false: set both lists of words")
    found = Spelling(formats, mark, thousands, true, false)
    return None if found == Spelling() else found


def _words(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Words as texts; a number such as 1 is one, and YAML's `yes` is not."""
    found = listed(said.get(key))
    for word in found:
        if isinstance(word, bool) or not isinstance(word, str | int):
            raise ValueError(f"`carms.{key}` has `{word}`, which is not text: quote it")  # noqa: TRY004
    return tuple(map(str, found))


def ensure_own_names(columns: Iterable[Column]) -> None:
    """Raises ValueError where a name in files could be that of two columns."""
    known = tuple(columns)
    aliases = {folded(alias): c.name for c in known for alias in c.aliases}
    for column in known:
        for name in (column.source, *column.aliases):
            other = aliases.get(folded(name), column.name)
            if other != column.name:
                raise ValueError(
                    f"columns `{other}` and `{column.name}`: `{name}` is a name of both in files"
                )
