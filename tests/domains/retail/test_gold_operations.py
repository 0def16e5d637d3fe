"""What the views of retail show of the runs and of what they set aside."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from domains.retail.gold_lake import gold, shop

from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.store.gold.file import Warehouse
from carms_lake.store.ops import OPS_SCHEMAS

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)


def filled(connection, tmp_path, table, schema, found):
    warehouse = Warehouse(connection, tmp_path, None)
    warehouse.add_ops(table, pl.DataFrame(found, schema=schema))


def test_an_ingestion_is_shown_file_by_file_as_it_was_measured(tmp_path):
    file = {
        "run_id": "r1", "table_name": "orders_header", "src_filename": "orders_header/a.csv",
        "status": "landed", "records": 12, "accepted": 10, "rejected": 2, "bytes": 900,
        "seconds": 0.25,
    }  # fmt: skip
    with gold(tmp_path) as connection:
        filled(connection, tmp_path, "processed_files", OPS_SCHEMAS["processed_files"], [file])
        runs = [{"run_id": "r1", "started_at": AT}]
        filled(connection, tmp_path, "runs", OPS_SCHEMAS["runs"], runs)
        found = connection.execute(
            "select file, status, records, rows, rejects, seconds, bytes, started_at"
            " from gold.audit_ingestion"
        ).fetchall()
    assert found == [
        ("orders_header/a.csv", "landed", 12, 10, 2, 0.25, 900, AT.replace(tzinfo=None))
    ]


def test_rejected_and_quarantined_rows_are_counted_by_reason(tmp_path):
    def rejected(layer, table, *reasons):
        return {
            "layer": layer, "table_name": table,
            "reasons": [{"code": code, "rule": rule} for code, rule in reasons],
        }  # fmt: skip

    unknown = ("UNKNOWN_REFERENCE", "product_id.relationship")
    with gold(tmp_path, shop()) as connection:
        found = [
            rejected("silver", "order_line", unknown),
            rejected(
                "silver", "order_line", unknown, ("UNKNOWN_REFERENCE", "order_id.relationship")
            ),
            rejected("bronze", "events", ("MALFORMED_ROW", "")),
        ]  # fmt: skip
        filled(connection, tmp_path, "rejects", REJECT_SCHEMA, found)
        shown = connection.execute(
            "select layer, table_name, finding, treatment, found_rows from gold.data_quality"
            " where treatment <> 'flagged' order by all"
        ).fetchall()
    assert shown == [
        ("bronze", "events", "MALFORMED_ROW", "rejected", 1),
        ("silver", "order_line", "UNKNOWN_REFERENCE order_id.relationship", "quarantined", 1),
        ("silver", "order_line", "UNKNOWN_REFERENCE product_id.relationship", "quarantined", 2),
    ]
