"""The one table of types: contract <-> Polars, and how text becomes a value.

A cast is strict and lossless, by rules of our own that are the same in every engine: a text that
is not exactly a value of the type is a TYPE_MISMATCH, never a rounded, trimmed or guessed value.
"""

import orjson
import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.contract.spelling import FALSE_WORDS, TRUE_WORDS, Spelling
from carms_lake.contract.types import ColumnType
from carms_lake.expressions import utc
from carms_lake.quality.spelled import usual_texts
from carms_lake.records import AS_TYPED

_SIMPLE: dict[str, pl.DataType] = {
    "varchar": pl.String(),
    "json": pl.String(),
    "blob": pl.Binary(),
    "smallint": pl.Int16(),
    "integer": pl.Int32(),
    "bigint": pl.Int64(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
}

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"


def polars_type(column_type: ColumnType) -> pl.DataType:
    """The Polars type of a contract's type."""
    if column_type.item is not None:
        return pl.List(polars_type(column_type.item))
    if column_type.name == "decimal":
        return pl.Decimal(column_type.precision, column_type.scale)
    return _SIMPLE[column_type.name]


def polars_schema(contract: Contract) -> dict[str, pl.DataType]:
    """The contract's columns and their Polars types, in order."""
    return {column.name: polars_type(column.type) for column in contract.columns}


def typed(
    name: str, found: pl.DataType, wanted: ColumnType, spelling: Spelling | None = None
) -> pl.Expr:
    """The values of a column in the contract's type; null where a value is not one of that type.

    Text follows the rules of this module, and the contract's spelling; behind `AS_TYPED` it is in
    the usual spelling. Other types are cast where casting back gives the same
    value; timestamps without a zone are UTC. A number is never taken for text: its leading zeros
    are gone.
    """
    value = pl.col(name)
    target = polars_type(wanted)
    if found == target:
        return value
    if found == pl.String and spelling is not None:
        usual = value.str.strip_prefix(AS_TYPED)
        texts = [_from_text(text, wanted) for text in usual_texts(value, wanted, spelling)]
        as_typed = pl.when(value.str.starts_with(AS_TYPED)).then(_from_text(usual, wanted))
        return as_typed.otherwise(pl.coalesce(texts)).alias(name)
    return _cast(value, found, wanted).alias(name)


def _cast(value: pl.Expr, found: pl.DataType, wanted: ColumnType) -> pl.Expr:
    """The values in another type; null where one cannot be cast exactly."""
    target = polars_type(wanted)
    if found in (pl.String, target):
        return value if found == target else _from_text(value, wanted)
    if isinstance(found, pl.List) and wanted.item is not None:
        inner = pl.Series(dtype=found.inner).dtype
        items = value.list.eval(_cast(pl.element(), inner, wanted.item))
        return pl.when(_nulls(items) == _nulls(value)).then(items)
    if target == pl.String or _kind(found) != _kind(target):
        return pl.lit(None, target)
    if isinstance(found, pl.Datetime) and found.time_zone is None:
        value = value.dt.replace_time_zone("UTC")
        found = pl.Datetime(found.time_unit, "UTC")
    # Kept only where nothing is lost: casting back gives the value that was there.
    cast = value.cast(target, strict=False)
    return pl.when(cast.cast(found, strict=False) == value).then(cast)


def _nulls(lists: pl.Expr) -> pl.Expr:
    return lists.list.eval(pl.element().is_null()).list.sum()


def fits_exactly(
    name: str, found: pl.DataType, wanted: ColumnType, spelling: Spelling | None = None
) -> pl.Expr:
    """The values of a column of bronze in another type; null where one cannot be cast exactly.

    As `typed`, but every value has a text, and a text is JSON only where it is.
    """
    value, target = pl.col(name), polars_type(wanted)
    kinds = (_kind(found), _kind(target))
    if wanted.name == "json" and found == pl.String:
        return pl.when(is_json(value)).then(value).alias(name)
    if target == pl.String and kinds[0] in ("number", "time", "boolean"):
        return value.cast(target)
    if found != pl.String and kinds[0] != kinds[1]:
        return pl.lit(None, target).alias(name)
    return typed(name, found, wanted, spelling)


def _kind(dtype: pl.DataType) -> str:
    """What values of a type are: they are cast to another type of the same kind only."""
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.List):
        return f"list of {_kind(pl.Series(dtype=dtype.inner).dtype)}"
    return "time" if dtype in (pl.Date, pl.Datetime) else str(dtype.base_type()).lower()


def json_is_read(contract: Contract) -> bool:
    """Whether the texts of JSON columns are written by a reader, from the JSON that it has read."""
    return contract.source is not None and set(contract.source.formats) <= {"json", "jsonl"}


def is_json(value: pl.Expr) -> pl.Expr:
    """Whether a text is one JSON value (RFC 8259, nested as deep as orjson goes); null for null."""
    return value.map_batches(_are_json, return_dtype=pl.Boolean, is_elementwise=True)


def _are_json(texts: pl.Series) -> pl.Series:
    def holds(text: str) -> bool:
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            return False
        return True

    found = [None if text is None else holds(text) for text in texts]
    return pl.Series(texts.name, found, dtype=pl.Boolean)


def _from_text(value: pl.Expr, wanted: ColumnType) -> pl.Expr:  # noqa: PLR0911  # one for each type
    target = polars_type(wanted)
    match wanted.name:
        case "varchar" | "json":
            return value
        case "smallint" | "integer" | "bigint":
            return value.cast(target, strict=False)  # of digits with a sign before them, if any
        case "double":
            number = value.cast(target, strict=False)
            return pl.when(value.str.contains(_NUMBER) & number.is_finite()).then(number)
        case "decimal":
            # More digits after the point than the scale would be rounded, each engine its own way.
            fits = rf"^[+-]?(\d+(\.\d{{0,{wanted.scale}}}0*)?|\.\d{{0,{wanted.scale}}}0*)$"
            return pl.when(value.str.contains(fits)).then(value.cast(target, strict=False))
        case "boolean":
            lower = value.str.to_lowercase()
            return (
                pl.when(lower.is_in(TRUE_WORDS))
                .then(True)
                .when(lower.is_in(FALSE_WORDS))
                .then(False)
            )
        case "date":
            parsed = value.str.to_date("%Y-%m-%d", strict=False)
            return pl.when(value.str.contains(_DATE)).then(parsed)
        case "timestamp":
            return utc(value)
        case _:
            return pl.lit(None, target)
