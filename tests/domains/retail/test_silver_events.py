"""Events: flat and nested records, odd ones too, give the same columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from domains.retail.frames import bronze, kept, reasons, silver
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.retail import silver as made
from carms_lake.domains.retail.silver.events import ENVELOPE, read

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.quality.validate import Validated

IDENTITY = silver(
    "customer_identity",
    {"customer_id": 1, "canonical_customer_id": 2},
    {"customer_id": 2, "canonical_customer_id": 2},
)
FIELDS = {
    "event_id": "e-1",
    "event_ts": "2024-01-01T08:30:00Z",
    "event_type": "view",
    "user_id": 2,
    "session_id": "s-1",
}


def events(*records: Any) -> Validated:
    texts = [r if isinstance(r, str) else json.dumps(r) for r in records]
    rows = bronze("events", *({"src_event": text} for text in texts))
    return kept("event", made.event(rows, IDENTITY))


def fields(record: Any) -> pl.DataFrame:
    text = record if isinstance(record, str) else json.dumps(record)
    return read(bronze("events", {"src_event": text}).select("src_event")).collect()


@pytest.mark.parametrize(
    ("record", "payload"),
    [
        ({**FIELDS, "payload": {"page": "/a", "ms": 3}}, {"page": "/a", "ms": 3}),
        ({"envelope": FIELDS, "payload": {"page": "/a"}}, {"page": "/a"}),
        ({"payload": {"user_id": 9}, **FIELDS}, {"user_id": 9}),
        ({"envelope": FIELDS}, None),
        (FIELDS, None),
        ({**FIELDS, "page": "/a", "ms": 3}, {"page": "/a", "ms": 3}),
        ({"page": "/a", **FIELDS}, {"page": "/a"}),
        ({**FIELDS, "cart": {"items": [1, 2]}}, {"cart": {"items": [1, 2]}}),
        ({**FIELDS, "payload": [1, 2]}, [1, 2]),
        ({**FIELDS, "payload": 3}, 3),
        ({**FIELDS, "payload": "a text"}, "a text"),
        ({**FIELDS, "cart": {"user_id": 9}}, {"cart": {"user_id": 9}}),
        ({"envelope": FIELDS, "page": "/a"}, {"page": "/a"}),
        ({**FIELDS, "note": 'a "user_id": 5, b'}, {"note": 'a "user_id": 5, b'}),
        ({**FIELDS, "big": 1e300, "long": 123456789012345678}, None),
    ],
)
def test_flat_and_nested_records_give_the_same_columns(record: Any, payload: Any) -> None:
    found = events(record).rows.row(0, named=True)
    at = datetime(2024, 1, 1, 8, 30, tzinfo=UTC)
    given_columns = ("event_id", "event_at", "event_on", "event_type", "user_id", "session_id")
    assert tuple(found[name] for name in given_columns) == (
        "e-1", at, date(2024, 1, 1), "view", 2, "s-1",
    )  # fmt: skip
    if payload is not None:
        assert json.loads(found["payload"]) == payload
    elif "big" in record:
        assert json.loads(found["payload"]) == {"big": 1e300, "long": 123456789012345678}
    else:
        assert found["payload"] is None


@pytest.mark.parametrize("name", ["event_id", "event_ts", "event_type"])
@pytest.mark.parametrize("value", ["absent", None, "", " ", "None"])
@pytest.mark.parametrize("is_nested", [True, False])
def test_an_event_without_a_field_that_it_needs_is_quarantined(name, value, is_nested) -> None:
    given_fields = {**FIELDS, name: value}
    if value == "absent":
        del given_fields[name]
    bad = {"envelope": given_fields} if is_nested else given_fields
    found = events(bad, {**FIELDS, "event_id": "e-2"})
    assert found.rows["event_id"].to_list() == ["e-2"]
    assert {code for codes in reasons(found).values() for code in codes} == {"REQUIRED_NULL"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-08-07T04:04:08", datetime(2025, 8, 7, 4, 4, 8, tzinfo=UTC)),
        ("2024-01-01 01:37:00.000780", datetime(2024, 1, 1, 1, 37, 0, 780, tzinfo=UTC)),
        ("2024-01-01T08:00:00+08:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("07/08/2025 04:04", None),
        ("2024-13-01T00:00:00Z", None),
    ],
)
def test_a_moment_is_iso_8601_and_nothing_else(text: str, expected: datetime | None) -> None:
    found = events({**FIELDS, "event_ts": text})
    assert found.rows["event_at"].to_list() == ([] if expected is None else [expected])
    assert found.quarantined.height == (expected is None)


@pytest.mark.parametrize(
    ("user", "user_id", "is_unknown"),
    [
        (2, 2, False), ("2", 2, False), (1, 2, False), (99, 99, True), (None, None, False),
        ("nobody", None, True), (2.5, None, True),
    ],
)  # fmt: skip
def test_a_user_is_a_kept_customer_or_known_to_be_unknown(user, user_id, is_unknown) -> None:
    found = events({**FIELDS, "user_id": user}).rows
    assert found.select("user_id", "has_unknown_user").rows() == [(user_id, is_unknown)]


@pytest.mark.parametrize(
    "record",
    [
        '{"event_id": {"a": 1}, "event_type": [1], "user_id": true}',
        '{"envelope": "text", "event_id": "e-1"}',
        '{"envelope": null, "event_id": "e-1"}',
        '{"envelope": [1], "event_id": "e-1"}',
        '{"event\\u005fid": "e-1"}',
        '{"event\\u005fid": {"a": 1}}',
        '{"event_id": "a", "event_id": "e-1"}',
        '{"n": 1E400}',
        '{"n": 123456789012345678901234567890}',
        "{}",
        "[1]",
        '"text"',
        "1",
        "null",
    ],
)
def test_an_odd_record_fails_no_other(record: str) -> None:
    found = events(record, FIELDS)
    assert "e-1" in found.rows["event_id"].to_list() or "e-1" in fields(record)["event_id"]


# A path gives the last of 17 digits another value, so figures have fewer here.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
    | st.integers(-(10**9), 10**9).map(lambda number: number / 1000),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from([*ENVELOPE, "payload", "x"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
records = st.dictionaries(
    st.sampled_from([*ENVELOPE, "envelope", "payload", "page", "ms"]), values, max_size=7
)


@given(drawn=st.lists(records, min_size=1, max_size=4))
def test_any_record_is_read_as_json_says(drawn: list[dict[str, Any]]) -> None:
    rows = bronze("events", *({"src_event": orjson.dumps(record).decode()} for record in drawn))
    found = read(rows.select("src_event")).collect()
    for record, row in zip(drawn, found.rows(named=True), strict=True):
        envelope = record.get("envelope")
        envelope = envelope if isinstance(envelope, dict) else {}
        for name in ENVELOPE:
            value = record.get(name) if record.get(name) is not None else envelope.get(name)
            if isinstance(value, str):
                wanted = value.strip()
                assert row[name] == (wanted if wanted not in ("", "None", "N/A", "NULL") else None)
            elif value is None:
                assert row[name] is None
            elif isinstance(value, bool | int):
                assert row[name] == json.dumps(value)
        assert nothing_is_lost(record, row["payload"])


@pytest.mark.slow
@given(
    envelope=st.fixed_dictionaries({name: st.none() | st.integers() | texts for name in ENVELOPE}),
    more=st.dictionaries(st.sampled_from([*ENVELOPE, "envelope", "page"]), values, max_size=3),
    form=st.sampled_from(["flat", "nested", "nested and more"]),
    is_tight=st.booleans(),
    end=st.sampled_from(["", " ", "\n"]),
)
def test_a_record_with_its_envelope_in_front_is_read_as_json_says(
    envelope: dict[str, Any], more: dict[str, Any], form: str, is_tight: bool, end: str
) -> None:
    flat = {**envelope, **{key: value for key, value in more.items() if key not in ENVELOPE}}
    nested = {"envelope": envelope, "payload": more}
    record = {"flat": flat, "nested": nested, "nested and more": {**nested, "x": 1}}[form]
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":") if is_tight else None)
    decoded = json.dumps({"first": 1, **record}) if form != "flat" else text.replace("{", "{ ", 1)
    rows = bronze("events", {"src_event": text + end}, {"src_event": decoded})
    one, other = read(rows.select("src_event")).collect().rows()
    assert one[:-1] == other[:-1]
    assert form == "flat" or json.loads(one[-1]) == more
    assert nothing_is_lost(record, one[-1])


def nothing_is_lost(record: dict[str, Any], payload: str | None) -> bool:
    """Whether the payload holds what the envelope does not, and nothing else."""
    said = json.loads(payload) if payload is not None else {}
    if record.get("payload") is not None:
        return bool(said == record["payload"])
    known = {*ENVELOPE, "envelope"} if isinstance(record.get("envelope"), dict) else {*ENVELOPE}
    return bool(said == {key: value for key, value in record.items() if key not in known})
