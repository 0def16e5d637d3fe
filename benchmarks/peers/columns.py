"""The columns of the retail files and their Arrow types, for dlt."""

from __future__ import annotations

import pyarrow as pa

TEXT, LONG, INT, DOUBLE, BOOL = pa.string(), pa.int64(), pa.int32(), pa.float64(), pa.bool_()
DATE, MOMENT = pa.date32(), pa.timestamp("us")
LINE = "src_event"

CSV: dict[str, dict[str, pa.DataType]] = {
    "customers": {
        "customer_id": LONG,
        **dict.fromkeys(
            (
                "natural_key",
                "first_name",
                "last_name",
                "email",
                "phone",
                "address_line1",
                "address_line2",
                "city",
                "state_region",
                "postcode",
                "country_code",
            ),
            TEXT,
        ),
        "latitude": DOUBLE,
        "longitude": DOUBLE,
        "birth_date": DATE,
        "join_ts": MOMENT,
        "is_vip": BOOL,
        "gdpr_consent": BOOL,
    },
    "products": {
        "product_id": LONG,
        **dict.fromkeys(("sku", "name", "category", "subcategory"), TEXT),
        "current_price": pa.decimal128(12, 4),
        "currency": TEXT,
        "is_discontinued": BOOL,
        "introduced_dt": DATE,
        "discontinued_dt": DATE,
    },
    "orders_header": {
        "order_id": LONG,
        "order_ts": MOMENT,
        "order_dt_local": DATE,
        "customer_id": LONG,
        "store_id": LONG,
        **dict.fromkeys(("channel", "payment_method", "coupon_code"), TEXT),
        "shipping_fee": pa.decimal128(12, 2),
        "currency": TEXT,
    },
    "orders_lines": {
        "order_id": LONG,
        "line_number": INT,
        "product_id": LONG,
        "qty": INT,
        "unit_price": pa.decimal128(12, 4),
        "line_discount_pct": pa.decimal128(5, 4),
        "tax_pct": pa.decimal128(5, 4),
    },
    "sensors": {
        "sensor_ts": MOMENT,
        "store_id": LONG,
        "shelf_id": TEXT,
        "temperature_c": pa.decimal128(5, 2),
        "humidity_pct": pa.decimal128(5, 2),
        "battery_mv": INT,
    },
}

REPAIRED: dict[str, dict[str, pa.DataType]] = {
    "stores": {
        "store_id": LONG,
        **dict.fromkeys(("store_code", "name", "channel", "region", "state"), TEXT),
        "latitude": DOUBLE,
        "longitude": DOUBLE,
        "open_dt": DATE,
        "close_dt": DATE,
    },
    "suppliers": {
        "supplier_id": LONG,
        **dict.fromkeys(("supplier_code", "name", "country_code"), TEXT),
        "lead_time_days": INT,
        "preferred": BOOL,
    },
}
"""Small files in which a comma in a name may stand without quotes."""

SNAPSHOTS = ("customers", "products")
"""Delivered whole each time: their rows say when."""

SHIPMENTS = pa.schema({
    "shipment_id": LONG,
    "order_id": LONG,
    "carrier": TEXT,
    "shipped_at": MOMENT,
    "delivered_at": MOMENT,
    "ship_cost": pa.decimal128(12, 2),
})  # fmt: skip
RETURNS = pa.schema({
    "return_id": LONG,
    "order_id": LONG,
    "product_id": LONG,
    "return_ts": MOMENT,
    "qty": INT,
    "reason": TEXT,
    "return_reason_code": TEXT,
    "change_type": TEXT,
    "src_filename": TEXT,
})  # fmt: skip
