"""Synthetic retail data: eleven sources with planted faults, and the list of these faults.

What a row says depends on the seed, the scale and its own day and number, never on the run, so a
later run adds days that fit those before.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.retail.synthetic.aftersales import changes, returns, shipments
from carms_lake.domains.retail.synthetic.customers import customers
from carms_lake.domains.retail.synthetic.orders import (
    HEADER_COLUMNS,
    LINE_COLUMNS,
    headers,
    late_orders,
    lines,
    repeated,
    with_lines,
)
from carms_lake.domains.retail.synthetic.plan import FIRST_DAY, Plan, Truth, date_of
from carms_lake.domains.retail.synthetic.products import exchange_rates, products
from carms_lake.domains.retail.synthetic.stores import UNQUOTED, stores, suppliers
from carms_lake.domains.retail.synthetic.streams import (
    SENSOR_COLUMNS,
    TIME_FORMAT,
    event_lines,
    readings,
    store_ids,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Options = dict[str, object]
    GeneratedFile = tuple[str, Iterable[object], str, Options]
    """Path below the output folder, chunks of rows, format, the writer's options."""

_PART_ROWS = 200_000
_WITHOUT_ZONE: Options = {"datetime_format": "%Y-%m-%dT%H:%M:%S"}
_WITH_FRACTION: Options = {"datetime_format": TIME_FORMAT}
_WITH_ZONE: Options = {"datetime_format": "%Y-%m-%dT%H:%M:%SZ"}


def files(
    seed: int, scale: float, start_date: str, days: int, anomaly_rate: float
) -> Iterator[GeneratedFile]:
    """The files of a run: eleven sources, and the list of the faults in them.

    Raises:
        ValueError: the date is out of range.
    """
    start = _start(start_date)
    return _files(Plan(seed, scale, start, start + days, anomaly_rate))


def _start(start_date: str) -> int:
    try:
        start = date.fromisoformat(start_date)
    except ValueError:
        raise ValueError(
            f"`start_date` must be a date such as 2024-12-31, not {start_date}"
        ) from None
    if start < FIRST_DAY:
        raise ValueError(f"`start_date` must be {FIRST_DAY} or later, not {start_date}")
    return (start - FIRST_DAY).days


def _files(plan: Plan) -> Iterator[GeneratedFile]:
    truth, begins = Truth(), date_of(plan.start)
    yield "customers.csv", [customers(plan, truth)], "csv", _WITH_ZONE
    yield "products.csv", [products(plan, truth)], "csv", {}
    if plan.is_base:
        faulty: Options = {"unquoted_where": UNQUOTED}
        yield "stores.csv", [stores(plan, truth, "stores.csv")], "csv", faulty
        yield "suppliers.csv", [suppliers(plan, truth, "suppliers.csv")], "csv", faulty
    yield "exchange_rates.xlsx", [exchange_rates(plan)], "xlsx", {"sheet": "exchange_rates"}
    yield from _orders(plan, truth)
    yield from _events(plan, truth)
    yield from _sensors(plan, truth)
    yield f"shipments_{begins}.parquet", _shipments(plan, truth), "parquet", {}
    if plan.is_base:
        yield "returns", [_returns(plan)], "delta", {"reproducible": True}
    else:
        yield f"returns_changes_{begins}.parquet", [changes(plan, truth)], "parquet", {}
    document = {
        "seed": plan.seed,
        "scale": plan.scale,
        "start_date": begins.isoformat(),
        "days": plan.end - plan.start,
        "anomalies": truth.anomalies(),
    }
    name = "anomalies.json" if plan.is_base else f"anomalies-{begins}.json"
    yield name, [document], "json_object", {}


def _orders(plan: Plan, truth: Truth) -> Iterator[GeneratedFile]:
    """Headers and lines by day; repeated orders in a second part; late orders in a file each."""
    for start, end in plan.blocks():
        orders = with_lines(headers(plan.orders(start, end), plan), plan).collect()
        of_orders = lines(orders.lazy(), plan).collect()
        for kind in ("unknown_customer", "unknown_store", "duplicate_order_id"):
            truth.add("orders_header", kind, orders.filter(kind).select("order_id"))
        for kind in ("unknown_product", "non_positive_qty", "zero_price"):
            found = of_orders.filter(kind).select("order_id", "line_number")
            truth.add("orders_lines", kind, found)
        again = repeated(orders, plan)
        for day, rows in _by_day(orders, start, end):
            yield from _parts("orders_header", day, rows.select(HEADER_COLUMNS), _WITHOUT_ZONE)
            twice = again.filter(pl.col("day") == day).select(HEADER_COLUMNS)
            if twice.height:
                yield _part("orders_header", day, "repeated", twice, _WITHOUT_ZONE)
        for day, rows in _by_day(of_orders, start, end):
            yield from _parts("orders_lines", day, rows.select(LINE_COLUMNS), {})
    if not plan.is_base:
        late = with_lines(headers(late_orders(plan), plan), plan)
        rows, part = late.collect(), f"late-{date_of(plan.start)}"
        day = rows["day"][0]
        of_late = lines(late, plan).select(LINE_COLUMNS).collect()
        yield _part("orders_header", day, part, rows.select(HEADER_COLUMNS), _WITHOUT_ZONE)
        yield _part("orders_lines", day, part, of_late, {})


def _events(plan: Plan, truth: Truth) -> Iterator[GeneratedFile]:
    for start, end in plan.blocks():
        events = event_lines(plan.events(start, end), plan).collect()
        for day, rows in _by_day(events, start, end):
            file = f"events/event_dt={date_of(day)}/events_{date_of(day)}.jsonl"
            _add_records(truth, "events", "malformed_json", file, rows)
            _add_records(truth, "events", "missing_envelope_field", file, rows)
            yield file, [rows.select("line")], "jsonl", {"text_column": "line"}


def _sensors(plan: Plan, truth: Truth) -> Iterator[GeneratedFile]:
    key = ("sensor_ts", "store_id", "shelf_id")
    for store_id in store_ids(plan):
        for start, end in _months(plan):
            rows = readings(plan, store_id, start, end).with_row_index("record", offset=1)
            month = f"sensors/store_id={store_id}/month={date_of(start):%Y-%m}"
            file = f"{month}/readings_{date_of(plan.start)}.csv"
            written = pl.col("sensor_ts").dt.strftime(TIME_FORMAT)
            outside = rows.filter("out_of_range").select(key).with_columns(written)
            truth.add("sensors", "out_of_range", outside)
            _add_records(truth, "sensors", "missing_sensor_ts", file, rows)
            yield file, [rows.select(SENSOR_COLUMNS)], "csv", _WITH_FRACTION


def _shipments(plan: Plan, truth: Truth) -> Iterator[pl.DataFrame]:
    pieces = [plan.orders(start, end) for start, end in plan.blocks()]
    if not plan.is_base:
        pieces.append(late_orders(plan))
    for piece in pieces:
        rows = shipments(headers(piece, plan), plan).collect()
        for kind in ("in_transit", "late"):
            truth.add("shipments", kind, rows.filter(kind).select("shipment_id"))
        yield rows.drop("in_transit", "late")


def _returns(plan: Plan) -> pl.DataFrame:
    rows = returns(plan, plan.start, plan.end).collect()
    return rows.with_columns(pl.col("return_ts").dt.replace_time_zone("UTC"))


def _by_day(rows: pl.DataFrame, start: int, end: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Each day's rows; rows are in the order of days."""
    firsts = rows["day"].search_sorted(pl.int_range(start, end + 1, eager=True)).to_list()
    for at, day in enumerate(range(start, end)):
        yield day, rows.slice(firsts[at], firsts[at + 1] - firsts[at])


def _parts(source: str, day: int, rows: pl.DataFrame, options: Options) -> Iterator[GeneratedFile]:
    for number, first in enumerate(range(0, rows.height, _PART_ROWS)):
        yield _part(source, day, f"{number:04}", rows.slice(first, _PART_ROWS), options)


def _part(source: str, day: int, name: str, rows: pl.DataFrame, options: Options) -> GeneratedFile:
    return f"{source}/order_dt={date_of(day)}/part-{name}.csv", [rows], "csv", options


def _months(plan: Plan) -> list[tuple[int, int]]:
    """The run's days by month: first day, day after the last."""
    firsts = [
        day for day in range(plan.start, plan.end) if day == plan.start or date_of(day).day == 1
    ]
    return list(zip(firsts, [*firsts[1:], plan.end], strict=True))


def _add_records(truth: Truth, source: str, kind: str, file: str, rows: pl.DataFrame) -> None:
    keys = [[file, record] for record in rows.filter(kind)["record"]]
    truth.add_keys(source, kind, ["file", "record"], keys)
