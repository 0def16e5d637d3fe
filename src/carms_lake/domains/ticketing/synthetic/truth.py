"""What the files hold when all is said: filled while they are made, written last.

It is worked out of the values before they are spelled, row by row in the order of deliveries, and
shares nothing with the tables that are made of the files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.ticketing.synthetic.identity import identities
from carms_lake.domains.ticketing.synthetic.sums import differences, waiting, weekly_sales

if TYPE_CHECKING:
    from carms_lake.domains.ticketing.synthetic.faults import Fault
    from carms_lake.domains.ticketing.synthetic.plan import Plan

_KEPT = {
    "accounts": ["account_id"],
    "events": ["event_id"],
    "showtimes": ["showtime_id", "event_id"],
    "orders": ["order_id", "account_id", "showtime_id", "created_at", "total_amount"],
    "transactions": ["transaction_id", "order_id", "amount", "occurred_at"],
    "identity_merges": ["from_customer_id", "to_customer_id", "merged_at"],
}
_REFERRED = {"account_id": "accounts", "event_id": "events", "showtime_id": "showtimes"}


class Truth:
    """The ground truth of one run. Sources are added in the order of `SIZES`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rows: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._pages: list[pl.DataFrame] = []
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._rejects: list[dict[str, object]] = []
        self._ids: dict[str, pl.Series] = {}

    def add(self, source: str, delivery: int, rows: pl.DataFrame) -> None:
        """Note rows of a file, before they are spelled."""
        is_first = pl.col("number") == pl.col("copy")
        self._counts[source]["rows"] += rows.height
        self._counts[source]["keys"] += rows.filter(is_first).height
        if source == "pages":
            self._add_pages(rows)
            return
        kept = rows.select(*_KEPT[source], pl.lit(delivery, pl.Int16).alias("delivery"))
        self._rows[source].append(kept)

    def reject(self, source: str, file: str, record: int, fault: Fault) -> None:
        """Note a row that must be rejected."""
        self._counts[source]["rejected"] += 1
        self._rejects.append(
            {"source": source, "file": file, "record": record, "code": fault.code}
            | {"column": fault.column}
        )

    def document(self) -> dict[str, object]:
        """All of it as one JSON object."""
        plan = self._plan
        orders = self._last("orders", "order_id")
        transactions = self._last("transactions", "transaction_id")
        showtimes = self._last("showtimes", "showtime_id")
        arrived = self._all("orders"), self._all("transactions")
        merges = self._all("identity_merges").select(_KEPT["identity_merges"])
        return {
            "seed": plan.seed,
            "scale": plan.scale,
            "batches": plan.names[1:],
            "disorder": plan.disorder,
            "faults": plan.faults,
            "rows": {source: dict(counts) for source, counts in self._counts.items()},
            "rejects": self._rejects,
            "orphans": {
                "orders": orders.filter(self._is_orphan(orders))["order_id"].to_list(),
                "pages": self._orphans(),
            },
            "waiting": waiting(*arrived, plan.names),
            "differences": differences(orders, transactions),
            "weekly_sales": weekly_sales(orders, transactions, showtimes),
            **identities(merges.rows()),
        }

    def _add_pages(self, rows: pl.DataFrame) -> None:
        """Keep the orphans, and every row that replaces an earlier one."""
        found = rows.select("number", "copy", "page_id", self._is_orphan(rows).alias("is_orphan"))
        may_matter = pl.col("is_orphan") | (pl.col("number") != pl.col("copy"))
        self._pages.append(found.filter(may_matter))

    def _orphans(self) -> list[str]:
        last = pl.concat(self._pages).unique("number", keep="last", maintain_order=True)
        return last.filter("is_orphan").sort("number")["page_id"].to_list()

    def _all(self, source: str) -> pl.DataFrame:
        """Every row of a source, in the order of deliveries."""
        return pl.concat(self._rows[source])

    def _last(self, source: str, key: str) -> pl.DataFrame:
        """The last row of each key, in the order of the last rows."""
        return self._all(source).unique(key, keep="last", maintain_order=True)

    def _is_orphan(self, rows: pl.DataFrame) -> pl.Series:
        """Whether a row refers to something that is in no file."""
        unknown = [
            pl.col(column).is_in(self._known(source, column)).not_().fill_null(value=False)
            for column, source in _REFERRED.items()
            if column in rows.columns
        ]
        return rows.select(pl.any_horizontal(unknown).alias("is_orphan"))["is_orphan"]

    def _known(self, source: str, column: str) -> pl.Series:
        if source not in self._ids:
            self._ids[source] = self._all(source)[column].unique().implode()
        return self._ids[source]
