"""The eleven sources of a very small shop, written as files, with a fault of each kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {
    "customers.csv": """\
customer_id,natural_key,first_name,last_name,email,phone,address_line1,address_line2,city,\
state_region,postcode,country_code,latitude,longitude,birth_date,join_ts,is_vip,gdpr_consent
1,CUST-00000001,Ann,Lee,Ann.Lee@example.com,+61 2 1,1 High St,,Perth,WA,6000,AU,-31.9,115.8,\
1980-01-01,2020-01-01 00:00:00,true,true
2,CUST-00000002,Bob,Ray,bob.example.com,+61 2 2,2 High St,,Perth,WA,6000,AU,-31.9,115.8,,\
2020-01-02T00:00:00Z,false,false
3,CUST-00000001,Ann,Lee,ann@example.com,+61 2 3,3 High St,,Cairns,QLD,4870,AU,-16.9,145.7,,\
2019-01-01 00:00:00,false,true
4,CUST-00000004,Cat,Fox,cat@example.com,,4 High St,,Perth,WA,6000,AU,-31.9,115.8,,\
2020-01-04 00:00:00,false,true
5,CUST-00000005,Dan,Orr,dan@example.com,+61 2 5,,,Perth,WA,6000,AU,-31.9,115.8,,\
2020-01-05 00:00:00,false,true
6,CUST-00000006,Eve,Kim,eve@example.com,+61 2 6,6 High St,None,Perth,WA,6000,AU,-31.9,115.8,,\
2020-01-06 00:00:00,false,true
""",
    "products.csv": """\
product_id,sku,name,category,subcategory,current_price,currency,is_discontinued,introduced_dt,\
discontinued_dt
11,SKU-000011,Tea,Food,Drinks,4.5000,AUD,false,2020-01-01,
12,SKU-000012,Jam,Food,Spreads,,AUD,false,2020-01-01,
13,SKU-000013,Mug,Home,Kitchen,-7.5000,AUD,false,2020-01-01,
14,SKU-000014,Jug,Home,Kitchen,9.0000,AUD,true,2020-01-01,
""",
    "stores.csv": """\
store_id,store_code,name,channel,region,state,latitude,longitude,open_dt,close_dt
21,STR-21,Perth Central,store,Australia,WA,-31.9,115.8,2010-01-01,
22,STR-22,"Perth Plaza, Level 1",store,Australia,WA,168.1,115.8,2010-01-01,
23,STR-23,Perth Quay, Level 1,store,Australia,WA,-31.9,115.8,2010-01-01,
24,STR-21,Perth Arcade,store,Australia,WA,-31.9,115.8,2010-01-01,2020-01-01
""",
    "suppliers.csv": """\
supplier_id,supplier_code,name,country_code,lead_time_days,preferred
31,SUP-31,"Hill, Sons",AU,7,true
32,SUP-32,Dale, Sons,AU,21,false
""",
    "orders_header/order_dt=2024-01-01/part-0.csv": """\
order_id,order_ts,order_dt_local,customer_id,store_id,channel,payment_method,coupon_code,\
shipping_fee,currency
101,2024-01-01T01:00:00Z,2024-01-01,1,21,web,card,,5.90,AUD
102,2024-01-01T02:00:00Z,2024-01-01,999,21,web,card,,0.00,AUD
103,2024-01-01T03:00:00Z,2024-01-01,3,22,web,card,,0.00,USD
""",
    "orders_header/order_dt=2024-01-02/part-0.csv": """\
order_id,order_ts,order_dt_local,customer_id,store_id,channel,payment_method,coupon_code,\
shipping_fee,currency
104,2024-01-02T01:00:00+08:00,2024-01-02,2,999,web,card,,5.90,AUD
101,2024-01-01T01:00:00Z,2024-01-01,1,21,app,card,,5.90,AUD
""",
    "orders_lines/order_dt=2024-01-01/part-0.csv": """\
order_id,line_number,product_id,qty,unit_price,line_discount_pct,tax_pct
101,1,11,2,4.5000,0.1000,0.1000
101,2,999,1,4.5000,0.0000,0.1000
102,1,11,1,4.5000,0.0000,0.1000
102,2,11,-1,4.5000,0.0000,0.1000
103,1,13,0,4.5000,0.0000,0.1000
103,2,11,1,0.0000,0.0000,0.1000
104,1,11,1,4.5000,0.0000,0.1000
""",
    "events/event_dt=2024-01-01/events_0.jsonl": """\
{"event_id": "e1", "event_ts": "2024-01-01T00:00:00Z", "event_type": "view", "user_id": 1, \
"session_id": "s1", "payload": {"page": "/"}}
{"event_id": "e2", "event_ts": "2024-01-01T0
{"envelope": {"event_id": "e3", "event_ts": "2024-01-01T00:00:00Z", "event_type": "cart", \
"user_id": 3, "session_id": "s2"}, "payload": {"sku": "SKU-000011"}}
{"event_id": "e4", "event_ts": "2024-01-01T00:00:00Z", "user_id": 1, "session_id": "s1"}
{"event_ts": "2024-01-01T00:00:00Z", "event_type": "view", "user_id": 1, "session_id": "s1"}
""",
    "sensors/store_id=21/month=2024-01/readings_2024-01-01.csv": """\
sensor_ts,store_id,shelf_id,temperature_c,humidity_pct,battery_mv
2024-01-01 00:00:00,21,S1,4.50,60.00,3000
2024-01-01 01:00:00,21,S1,99.50,60.00,3000
,21,S1,4.50,60.00,3000
2024-01-01 03:00:00,21,S1,4.50,140.00,3000
""",
}
"""The text files; they land as the shop's other systems write them."""


def _planted(source: str, kind: str, key: list[str], *keys: list[Any]) -> dict[str, Any]:
    return {"source": source, "kind": kind, "key": key, "count": len(keys), "keys": list(keys)}


ANOMALIES = [
    _planted("customers", "malformed_email", ["customer_id"], [2]),
    _planted("customers", "duplicate_natural_key", ["customer_id"], [3]),
    _planted("customers", "null_phone", ["customer_id"], [4]),
    _planted("customers", "null_address_line1", ["customer_id"], [5]),
    _planted("customers", "text_none", ["customer_id"], [6]),
    _planted("products", "missing_price", ["product_id"], [12]),
    _planted("products", "negative_price", ["product_id"], [13]),
    _planted("products", "discontinued_without_date", ["product_id"], [14]),
    _planted("stores", "impossible_coordinates", ["store_id"], [22]),
    _planted("stores", "duplicate_store_code", ["store_id"], [21], [24]),
    _planted("stores", "unquoted_comma", ["file", "record"], ["stores.csv", 3]),
    _planted("suppliers", "unquoted_comma", ["file", "record"], ["suppliers.csv", 2]),
    _planted("orders_header", "unknown_customer", ["order_id"], [102]),
    _planted("orders_header", "unknown_store", ["order_id"], [104]),
    _planted("orders_header", "duplicate_order_id", ["order_id"], [101]),
    _planted("orders_lines", "unknown_product", ["order_id", "line_number"], [101, 2]),
    _planted("orders_lines", "non_positive_qty", ["order_id", "line_number"], [102, 2], [103, 1]),
    _planted("orders_lines", "zero_price", ["order_id", "line_number"], [103, 2]),
    _planted(
        "events", "malformed_json", ["file", "record"],
        ["events/event_dt=2024-01-01/events_0.jsonl", 2],
    ),
    _planted(
        "events", "missing_envelope_field", ["file", "record"],
        ["events/event_dt=2024-01-01/events_0.jsonl", 4],
        ["events/event_dt=2024-01-01/events_0.jsonl", 5],
    ),
    _planted(
        "sensors", "out_of_range", ["sensor_ts", "store_id", "shelf_id"],
        ["2024-01-01T01:00:00Z", 21, "S1"], ["2024-01-01 03:00:00", 21, "S1"],
    ),
    _planted(
        "sensors", "missing_sensor_ts", ["file", "record"],
        ["sensors/store_id=21/month=2024-01/readings_2024-01-01.csv", 3],
    ),
    _planted("shipments", "in_transit", ["shipment_id"], [42]),
    _planted("shipments", "late", ["shipment_id"], [43]),
    _planted("returns", "updated", ["return_id"], [51]),
    _planted("returns", "inserted", ["return_id"], [53]),
    _planted("returns", "deleted", ["return_id"], [52]),
]  # fmt: skip
"""What is wrong in these files, as the generator says it."""


def write_sources(folder: Path) -> None:
    """Write all files of the shop and their ground truth below a folder."""
    for name, text in TEXTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _rates().save(folder / "exchange_rates.xlsx")
    _shipments().write_parquet(folder / "shipments_2024-01-01.parquet")
    base = _returns((51, "broken", None), (52, "late", None))
    base.drop("return_reason_code").write_delta(folder / "returns")
    kinds = pl.Series("change_type", ["update", "delete", "insert"])
    changes = _returns((51, "wrong", "W"), (52, None, None), (53, "late", "L"))
    changes.with_columns(kinds).write_parquet(folder / "returns_changes_2025-01-01.parquet")
    truth = {"seed": 1, "scale": 1.0, "start_date": None, "days": 2, "anomalies": ANOMALIES}
    (folder / "anomalies.json").write_text(json.dumps(truth), encoding="utf-8")


def _rates() -> openpyxl.Workbook:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "rates"
    for row in [
        ("date", "currency", "rate_to_aud"),
        ("2024-01-01", "AUD", 1),
        ("2024-01-01", "USD", 1.5),
    ]:
        sheet.append(row)
    return workbook


def _at(day: int) -> datetime:
    return datetime(2024, 1, day, tzinfo=UTC)


def _shipments() -> pl.DataFrame:
    rows = [
        (41, 101, _at(2), _at(4)), (42, 103, _at(2), None), (43, 103, _at(2), _at(8)),
        (44, 102, _at(2), _at(7)),
    ]  # fmt: skip
    columns = ["shipment_id", "order_id", "shipped_at", "delivered_at"]
    return pl.DataFrame(rows, columns, orient="row").select(
        "shipment_id",
        "order_id",
        pl.lit("AusPost").alias("carrier"),
        "shipped_at",
        "delivered_at",
        pl.lit(Decimal("7.50")).cast(pl.Decimal(21, 2)).alias("ship_cost"),
    )


def _returns(*rows: tuple[int, str | None, str | None]) -> pl.DataFrame:
    schema = {"return_id": pl.Int64, "reason": pl.String, "return_reason_code": pl.String}
    return pl.DataFrame(rows, schema, orient="row").select(
        "return_id",
        pl.lit(101, pl.Int64).alias("order_id"),
        pl.lit(11, pl.Int64).alias("product_id"),
        pl.lit(_at(9)).cast(pl.Datetime("us")).alias("return_ts"),
        pl.lit(1, pl.Int32).alias("qty"),
        "reason",
        "return_reason_code",
    )
