"""What gold SELECTs may call: keys, masks under the key of the project, and SQL written once.

The same text is always the same mask, so masked columns still join and count, and nobody without
the key can try names until one fits. The key is outside the lake, in no table, log or message.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import ConfigError, ContractError, StoreError
from carms_lake.files import whole
from carms_lake.store.sql import nodes, parsed, qualified, quoted

SURROGATE_KEY = """
create temp macro surrogate_key(parts) as
    (md5_number_lower(array_to_string(
        list_transform(parts, lambda part: coalesce(part, chr(30))), chr(31))) >> 11)::bigint
"""
"""53 bits of the MD5 of the key's parts, joined by U+001F, null = U+001E; stable for ever.

No more, because JavaScript, in which many BI tools are written, changes greater numbers. So among a
million keys two are the same with a chance of 1 in 18,000; `ensure_unique` names them.
"""

_BODIES = {
    "calendar": (
        ("years",),
        """(
        select
            (year(calendar_on) * 10000 + month(calendar_on) * 100 + day(calendar_on))::integer
                as date_key,
            calendar_on,
            year(calendar_on)::integer as calendar_year,
            quarter(calendar_on)::integer as calendar_quarter,
            month(calendar_on)::integer as calendar_month,
            monthname(calendar_on) as month_name,
            day(calendar_on)::integer as day_of_month,
            isoyear(calendar_on)::integer as iso_year,
            week(calendar_on)::integer as iso_week,
            isodow(calendar_on)::integer as iso_weekday,
            dayname(calendar_on) as weekday_name,
            isodow(calendar_on) >= 6 as is_weekend
        from (
            select unnest(generate_series(
                make_date(calendar_year, 1, 1)::timestamp,
                make_date(calendar_year, 12, 31)::timestamp,
                interval 1 day
            ))::date as calendar_on
            from {years}
            where calendar_year is not null
        ) as every_day
        )""",
    ),
    "version_columns": (
        ("version",),
        """
        {version}.valid_from::timestamp as valid_from,
        {version}.valid_to::timestamp as valid_to,
        case
            when {version}.valid_from = {version}.first_from then timestamp '1900-01-01 00:00:00'
            else {version}.valid_from
        end::timestamp as applies_from,
        {version}.next_from::timestamp as applies_to,
        {version}.is_current,
        {version}.is_deleted,
        {version}.deleted_on,
        {version}.first_from::timestamp as created_at,
        coalesce({version}.valid_to, {version}.valid_from)::timestamp as updated_at""",
    ),
    "unknown_version": (
        (),
        """
        timestamp '1900-01-01 00:00:00', null::timestamp, timestamp '1900-01-01 00:00:00',
        null::timestamp, true, false, null::date, timestamp '1970-01-01 00:00:00',
        timestamp '1970-01-01 00:00:00'""",
    ),
}
"""By name: the parameters, which are names of SQL, and the text that a call stands for.

`calendar(years)` is a table: the days of the years in `years.calendar_year`, and no others.
`version_columns` ends a dimension with versions (SCD2), made from a CTE that has `first_from`, the
`valid_from` of the first version, and `next_from`; `unknown_version()` ends its unknown member.
"""
_CALL = re.compile(rb"(\w+)\s*\(([\w.,\s]*)\)")

KEY_FILE_VARIABLE = "CARMS_MASKING_KEY_FILE"
"""The environment variable that may name another file than the project's."""

_KEY_FILE = Path(".carms") / "masking.key"
_KEY_BYTES = 32
_BLOCK_BYTES = 64
_NAME = "keyed_hash"
_INNER, _OUTER = "carms_masking_inner", "carms_masking_outer"

_SHOWN = 6
"""So many values name a row in a message."""

# The key's two pads are variables of the connection, so that no text of SQL holds them.
_MACRO = f"""
create or replace temp macro {_NAME}(word) as
    sha256(getvariable('{_OUTER}') || unhex(sha256(getvariable('{_INNER}') || encode(word))))
"""


def expanded(sql: str, where: str) -> str:
    """A SELECT with the text of each macro in the place of its call; `where` names the SELECT.

    So what follows a SELECT, such as the lineage of its columns, needs to know no macro.

    Raises:
        ContractError: a call has other parameters than its macro.
    """
    text, found, end = sql.encode(), "", 0
    for start, kind in duckdb.tokenize(sql):  # in bytes
        call = _CALL.match(text, start)
        if kind != duckdb.token_type.identifier or not call or text[:start].endswith(b"."):
            continue
        name, inside = call[1].decode().lower(), call[2].decode()
        if name not in _BODIES:
            continue
        parameters, body = _BODIES[name]
        given = [word.strip() for word in inside.split(",") if word.strip()]
        if len(given) != len(parameters):
            raise ContractError(
                f"{where}: `{call[0].decode()}` has {len(given)} parameters",
                f"write `{name}({', '.join(parameters)})`, with names only",
            )
        values = dict(zip(parameters, given, strict=True))
        found += text[end:start].decode() + body.format(**values)
        end = call.end()
    return found + text[end:].decode()


def key_file(config: LakeConfig) -> Path:
    """Where the key of a project's masks is, whether it is there yet or not."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    return Path(named) if named else config.project / _KEY_FILE


def masks(sql: str) -> bool:
    """Whether a SELECT calls `keyed_hash`."""
    return _NAME in sql.lower() and any(
        node.get("type") == "FUNCTION" and str(node.get("function_name")).lower() == _NAME
        for node in nodes(parsed(sql))
    )


def add_keyed_hash(connection: duckdb.DuckDBPyConnection, config: LakeConfig) -> None:
    """Let a connection answer `keyed_hash(text)`: HMAC-SHA256 in hex, null for null.

    Raises:
        ConfigError: the file of the key holds none.
        StoreError: it cannot be read, or made where there is none.
    """
    key = _key(config)
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK_BYTES, b"\0")
    for name, pad in ((_INNER, 0x36), (_OUTER, 0x5C)):
        connection.execute(f"set variable {name} = $pad", {"pad": bytes(b ^ pad for b in block)})
    connection.execute(_MACRO)


def keyed_hashes(config: LakeConfig, words: Iterable[str | None]) -> list[str | None]:
    """What `keyed_hash` makes of each text, null for null.

    Raises:
        ConfigError: the file of the key holds none.
        StoreError: it cannot be read, or made where there is none.
    """
    of_key = hmac.new(_key(config), digestmod=hashlib.sha256)
    found: list[str | None] = []
    for word in words:
        mac = of_key.copy()
        mac.update((word or "").encode())
        found.append(None if word is None else mac.hexdigest())
    return found


def key_mark(config: LakeConfig) -> str:
    """What tells one key from another and says nothing of either: a constant under the key.

    Raises:
        ConfigError: the file of the key holds none.
        StoreError: it cannot be read, or made where there is none.
    """
    return hmac.new(_key(config), b"carms masking key", hashlib.sha256).hexdigest()


def _key(config: LakeConfig) -> bytes:
    """The project's key, made where there is none."""
    path = key_file(config)
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise StoreError(
            f"the masking key `{path}` cannot be read or made: {error.strerror}",
            f"check the permissions of its folder, or name another file with {KEY_FILE_VARIABLE}",
        ) from error
    if not re.fullmatch(rf"([0-9a-fA-F]{{2}}){{{_KEY_BYTES},}}", text):
        raise ConfigError(
            f"`{path}` holds no masking key: {2 * _KEY_BYTES} hexadecimal digits or more",
            "put the key back; without that file a new key is made, and all masks change",
        )
    return bytes.fromhex(text)


def _make(path: Path) -> None:
    """Write a new key that only its owner may read, where the system knows owners."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")


def ensure_unique(connection: duckdb.DuckDBPyConnection, contract: Contract, sql: str) -> None:
    """Refuse a table, made by this SELECT, in which a key is repeated; name two of the rows.

    The file itself declares no keys: drivers of version 1.0 cannot read their indexes.

    Raises:
        ContractError: two rows have the same primary key, or the same value in a unique column.
    """
    unique = [(column.name,) for column in contract.columns if column.unique]
    for key in filter(None, (contract.primary_key, *unique)):
        names = _names(key)
        given = " and ".join(f"{quoted(name)} is not null" for name in key)
        repeated = connection.execute(
            f"select {names} from {qualified(contract.ref)} where {given} "
            f"group by {names} having count(*) > 1 order by all limit 1"
        ).fetchone()
        if repeated is None:
            continue
        hint = "see the table's SELECT and its contract"
        if "surrogate_key" in sql:
            hint = (
                "if their business keys differ, the hashes are the same by chance: add a part to "
                "the `surrogate_key([...])` of this table, such as 'v2', wherever it is written; "
                "if not, the SELECT gives one of them twice"
            )
        values = ", ".join(map(str, repeated))
        both = " and ".join(_two_rows(connection, contract, key, repeated))
        raise ContractError(
            f"`{contract.ref}`: two rows have the key ({', '.join(key)}) = ({values}): {both}", hint
        )


def _two_rows(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    key: Sequence[str],
    values: Sequence[object],
) -> list[str]:
    """The first two rows of a key as text, without the key and what is private."""
    names = [c.name for c in contract.columns if not c.is_private and c.name not in key]
    is_it = " and ".join(f"{quoted(name)} = ?" for name in key)
    rows = connection.execute(
        f"select {_names(names) or 'null'} from {qualified(contract.ref)} where {is_it} "
        "order by all limit 2",
        list(values),
    ).fetchall()
    shown = [list(zip(names, row, strict=False))[:_SHOWN] for row in rows]
    return ["{" + ", ".join(f"{n}: {str(v)[:40]}" for n, v in row) + "}" for row in shown]


def _names(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)
