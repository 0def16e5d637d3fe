"""dlt's ordinary path on some order lines: Python rows, typed by hints, bad rows discarded.

`load_rows.py DATA DATABASE WORK ROWS FORMAT`. Its time is a line through two sizes, so `run.py`
calls it with two and reckons the whole from them. `FORMAT` is how rows come into DuckDB:
`insert_values`, which is what dlt does unasked, or `parquet`, which is faster.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINTS: dict[str, dict[str, Any]] = {
    "order_id": {"data_type": "bigint", "nullable": False},
    "line_number": {"data_type": "bigint", "nullable": False},
    "product_id": {"data_type": "bigint"},
    "qty": {"data_type": "bigint"},
    "unit_price": {"data_type": "decimal", "precision": 12, "scale": 4},
    "line_discount_pct": {"data_type": "decimal", "precision": 5, "scale": 4},
    "tax_pct": {"data_type": "decimal", "precision": 5, "scale": 4},
}


def main() -> int:
    """Load the rows."""
    root, database, work = (Path(argument).absolute() for argument in sys.argv[1:4])
    limit = int(sys.argv[4])

    def records() -> Iterator[dict[str, object]]:
        left = limit
        for file in sources.files_of(root)["orders_lines"]:
            for record in sources.rows(file, left):
                left -= 1
                yield {**record, "src_filename": file.name}

    pipeline = dlt.pipeline(
        "retail_rows",
        pipelines_dir=str(work),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="bronze",
    )
    resource = dlt.resource(
        records,
        name="orders_lines",
        write_disposition="append",
        columns=_HINTS,
        schema_contract={"columns": "evolve", "data_type": "discard_row"},
    )
    pipeline.run(resource, loader_file_format=sys.argv[5])
    trace = pipeline.last_trace.last_normalize_info
    counts = trace.row_counts if trace else {}
    sources.report(rows=counts.get("orders_lines", 0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
