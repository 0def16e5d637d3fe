"""What no other engine of the lake looks at: JSON that is none, numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from helpers import contract, property_

from carms_lake.quality.audit import audit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("column", "values", "rule", "failed"),
    [
        (property_("c", "string", "json"), "('{\"a\": 1}'), ('{'), (''), (null)", "c.type", 2),
        (property_("c", "string", "json"), "('{}'::json), ('[1]'::json)", "c.type", 0),
        *(
            (
                property_("c", "number", "double", logicalTypeOptions={bound: limit}),
                "(1.0::double), ('nan'::double), (null)",
                f"c.{bound}",
                1,
            )
            for bound, limit in (
                ("minimum", 0),
                ("maximum", 2),
                ("exclusiveMinimum", 0),
                ("exclusiveMaximum", 2),
            )
        ),
    ],
)
def test_what_is_no_json_and_no_number_is_counted(
    tmp_path: Path, column: dict[str, Any], values: str, rule: str, failed: int
) -> None:
    made = contract(tmp_path, "silver.t", [column])
    with duckdb.connect() as connection:
        connection.execute("create schema silver")
        connection.execute(f"create table silver.t as from (values {values}) as v(c)")
        found = {result.rule: result.failed_rows for result in audit(connection, [made])}
    assert found == {rule: failed}
