"""For each kind of anomaly the SQL that finds its rows: by flags of silver, rejects, or bronze.

A rejected row keeps its flags in the reject's record, so both places are queried.
"""

from __future__ import annotations

_CUSTOMERS = {
    "malformed_email": """
select customer_id from silver.customer where email is not null and not has_valid_email
""",
    "duplicate_natural_key": """
select customer_id from silver.customer_identity where customer_id <> canonical_customer_id
""",
    "null_phone": """
select distinct customer_id from bronze.customers where phone is null
""",
    "null_address_line1": """
select distinct customer_id from bronze.customers where address_line1 is null
""",
    "text_none": """
select distinct customer_id
from bronze.customers
where list_has_any(
    [
        natural_key, first_name, last_name, email, phone, address_line1, address_line2, city,
        state_region, postcode, country_code
    ],
    ['None', 'N/A', 'NULL']
)
""",
}

_PRODUCTS = {
    "missing_price": """
select product_id from silver.product where has_bad_price and current_price is null
""",
    "negative_price": """
select product_id from silver.product where has_bad_price and current_price is not null
""",
    "discontinued_without_date": """
select product_id from silver.product where is_discontinued_without_date
""",
}

_STORES = {
    "impossible_coordinates": "select store_id from silver.store where has_bad_coordinates",
    "duplicate_store_code": "select store_id from silver.store where has_duplicate_code",
    "unquoted_comma": """
select src_filename as file, src_row_number as record
from bronze.stores
where src_repair is not null
""",
}

_SUPPLIERS = {
    "unquoted_comma": """
select src_filename as file, src_row_number as record
from bronze.suppliers
where src_repair is not null
""",
}

_ORDERS_HEADER = {
    "unknown_customer": """
select (row_key ->> 'order_id')::bigint as order_id
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'silver'
    and table_name = 'order_header'
    and reason.code = 'UNKNOWN_REFERENCE'
    and reason."column" = 'customer_id'
""",
    "unknown_store": """
select (row_key ->> 'order_id')::bigint as order_id
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'silver'
    and table_name = 'order_header'
    and reason.code = 'UNKNOWN_REFERENCE'
    and reason."column" = 'store_id'
""",
    "duplicate_order_id": """
select order_id from bronze.orders_header group by order_id having count(*) > 1
""",
}

_ORDERS_LINES = {
    "unknown_product": """
select
    (row_key ->> 'order_id')::bigint as order_id,
    (row_key ->> 'line_number')::integer as line_number
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'silver'
    and table_name = 'order_line'
    and reason.code = 'UNKNOWN_REFERENCE'
    and reason."column" = 'product_id'
""",
    "non_positive_qty": """
select order_id, line_number from silver.order_line where has_bad_quantity
union all
select (row_key ->> 'order_id')::bigint, (row_key ->> 'line_number')::integer
from ops.rejects
where layer = 'silver'
    and table_name = 'order_line'
    and (raw_record ->> 'has_bad_quantity')::boolean
""",
    "zero_price": """
select order_id, line_number from silver.order_line where has_bad_price
union all
select (row_key ->> 'order_id')::bigint, (row_key ->> 'line_number')::integer
from ops.rejects
where layer = 'silver'
    and table_name = 'order_line'
    and (raw_record ->> 'has_bad_price')::boolean
""",
    "unknown_order": """
select
    (row_key ->> 'order_id')::bigint as order_id,
    (row_key ->> 'line_number')::integer as line_number
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'silver'
    and table_name = 'order_line'
    and reason."column" = 'order_id'
    and (row_key ->> 'order_id')::bigint not in (select order_id from bronze.orders_header)
""",
}

_EVENTS = {
    "malformed_json": """
select src_filename as file, src_row_number as record
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'bronze' and table_name = 'events' and reason.code = 'MALFORMED_ROW'
""",
    "missing_envelope_field": """
with said as (
    select
        src_filename as file,
        src_row_number as record,
        trim(coalesce(
            json_extract_string(src_event, '$.event_id'),
            json_extract_string(src_event, '$.envelope.event_id')
        )) as event_id
    from bronze.events
)
select file, record, said.event_id
from said
left join silver.event as kept on kept.event_id = said.event_id
where kept.event_id is null or kept.session_id is null
""",
    "unknown_user": "select event_id from silver.event where has_unknown_user",
}

_SENSORS = {
    "out_of_range": """
select sensor_at as sensor_ts, store_id, shelf_id from silver.sensor_reading where is_out_of_range
""",
    "missing_sensor_ts": """
select src_filename as file, src_row_number as record
from ops.rejects, unnest(reasons) as found(reason)
where layer = 'bronze'
    and table_name = 'sensors'
    and reason.code = 'REQUIRED_NULL'
    and reason."column" = 'sensor_ts'
""",
}

_SHIPMENTS = {
    "in_transit": "select shipment_id from bronze.shipments where delivered_at is null",
    "late": """
select shipment_id from bronze.shipments where delivered_at > shipped_at + interval 5 days
""",
    "unknown_order": """
select (row_key ->> 'shipment_id')::bigint as shipment_id
from ops.rejects
where layer = 'silver'
    and table_name = 'shipment'
    and (raw_record ->> 'order_id')::bigint not in (select order_id from bronze.orders_header)
""",
}

_RETURNS = {
    "updated": """
select distinct return_id from bronze.returns where lower(trim(change_type)) = 'update'
""",
    "inserted": """
select distinct return_id from bronze.returns where lower(trim(change_type)) = 'insert'
""",
    "deleted": "select return_id from silver.customer_return where is_deleted",
}

_ANY = {
    "other_reject": """
select layer, table_name, src_filename, src_row_number, row_key
from ops.rejects
where len(list_intersect(
    list_transform(
        reasons,
        lambda reason: concat_ws(' ', layer, table_name, reason.code, reason."column")
    ),
    [
        'bronze events MALFORMED_ROW',
        'bronze sensors REQUIRED_NULL sensor_ts',
        'silver order_header UNKNOWN_REFERENCE customer_id',
        'silver order_header UNKNOWN_REFERENCE store_id',
        'silver order_line UNKNOWN_REFERENCE order_id',
        'silver order_line UNKNOWN_REFERENCE product_id',
        'silver shipment UNKNOWN_REFERENCE order_id',
        'silver event REQUIRED_NULL event_id',
        'silver event REQUIRED_NULL event_at',
        'silver event REQUIRED_NULL event_type'
    ]
)) = 0
""",
}

QUESTIONS: dict[tuple[str, str], str] = {
    (source, kind): sql
    for source, kinds in {
        "customers": _CUSTOMERS,
        "products": _PRODUCTS,
        "stores": _STORES,
        "suppliers": _SUPPLIERS,
        "orders_header": _ORDERS_HEADER,
        "orders_lines": _ORDERS_LINES,
        "events": _EVENTS,
        "sensors": _SENSORS,
        "shipments": _SHIPMENTS,
        "returns": _RETURNS,
        "any": _ANY,
    }.items()
    for kind, sql in kinds.items()
}
"""By source and kind, in the order of the sources; kinds that nobody plants must find nothing."""
