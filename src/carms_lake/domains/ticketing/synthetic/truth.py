"""The ground truth: collected while the files are written, and written last.

It is computed from the values before they are spelled, row by row in the order of deliveries, and
shares no code with the tables that are built from the files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from carms_lake.domains.ticketing.synthetic.plan import Plan
    from carms_lake.domains.ticketing.synthetic.rows import Fault

    Row = tuple[str, str, int]
    """From, to, when (microseconds)."""


_LATEST = 1 << 62
_MOMENTS = (1_736_899_200_000_000, 1_741_737_600_000_000)
"""2025-01-15 and 2025-03-12, both at midnight."""


def identities(rows: Iterable[Row]) -> dict[str, object]:
    """The ground truth of merges, given as they come: what a key had before is replaced."""
    given = list(rows)
    merges = {(source, at): target for source, target, at in given}
    now, cycles = resolved(merges, _LATEST)
    return {
        "merges": {
            "rows": len(given),
            "keys": len(merges),
            "into_themselves": sum(source == target for (source, _), target in merges.items()),
        },
        "customers": now,
        "customers_at": [{"at": at, "customers": resolved(merges, at)[0]} for at in _MOMENTS],
        "cycles": cycles,
    }


def resolved(
    merges: Mapping[tuple[str, int], str], until: int
) -> tuple[dict[str, str], list[dict[str, object]]]:
    """The canonical id of each customer that has another one, and the cycles that were broken.

    Only merges up to a moment count. A merge into itself is none; the latest one of an id counts;
    a cycle loses its newest merge, of several that are as new the one of the greatest id.
    """
    found = sorted((at, source, target) for (source, at), target in merges.items() if at <= until)
    next_of = {source: (target, at) for at, source, target in found if source != target}
    cycles = []
    done: set[str] = set()
    for start in sorted(next_of):
        path: dict[str, None] = {}
        one = start
        while one in next_of and one not in path and one not in done:
            path[one] = None
            one = next_of[one][0]
        if one in path:
            members = list(path)[list(path).index(one) :]
            cycles.append(_broken(members, next_of))
        done.update(path)
    return {one: _end(one, next_of) for one in sorted(next_of)}, cycles


def _broken(members: list[str], next_of: dict[str, tuple[str, int]]) -> dict[str, object]:
    at, newest = max((next_of[one][1], one) for one in members)
    target, _ = next_of.pop(newest)
    disregarded = {"from_customer_id": newest, "to_customer_id": target, "merged_at": at}
    return {"members": sorted(members), "disregarded": disregarded}


def _end(one: str, next_of: Mapping[str, tuple[str, int]]) -> str:
    while one in next_of:
        one = next_of[one][0]
    return one


_LISTED = 2_000
"""Lists of waiting transactions are written up to this length; their numbers always."""

_NEVER = 1 << 14


def waiting(
    orders: pl.DataFrame, transactions: pl.DataFrame, deliveries: Sequence[str]
) -> list[dict[str, object]]:
    """After each delivery, the transactions that have come and whose order has not.

    The frames have one row for each row of the files and the `delivery` in which it comes.
    """
    came = orders.group_by("order_id").agg(pl.col("delivery").min().alias("order_came"))
    first = transactions.group_by("transaction_id", maintain_order=True).agg(
        pl.col("order_id").last(), pl.col("delivery").min()
    )
    both = first.join(came, on="order_id", how="left").with_columns(
        pl.col("order_came").fill_null(_NEVER)
    )
    found = []
    for delivery, name in enumerate(deliveries):
        wait = both.filter(pl.col("delivery") <= delivery, pl.col("order_came") > delivery)
        ids = sorted(wait["transaction_id"]) if wait.height <= _LISTED else None
        found.append({"after": name, "count": wait.height, "transactions": ids})
    return found


def differences(orders: pl.DataFrame, transactions: pl.DataFrame) -> list[dict[str, object]]:
    """Each order whose transactions do not add up to its total."""
    paid = transactions.group_by("order_id").agg(pl.col("amount").sum().alias("paid"))
    both = orders.join(paid, on="order_id", how="left", maintain_order="left").with_columns(
        pl.col("paid").fill_null(0)
    )
    wrong = both.filter(pl.col("paid") != pl.col("total_amount"))
    return [
        {"order_id": order, "total": money(total), "paid": money(paid)}
        for order, total, paid in wrong.select("order_id", "total_amount", "paid").iter_rows()
    ]


def weekly_sales(
    orders: pl.DataFrame, transactions: pl.DataFrame, showtimes: pl.DataFrame
) -> list[dict[str, object]]:
    """By the week of the order and its event: orders, and what was paid and refunded for them.

    Refunds are negative, as in the files.
    """
    amount = pl.col("amount")
    paid = transactions.group_by("order_id").agg(
        amount.filter(amount > 0).sum().alias("gross"),
        amount.filter(amount < 0).sum().alias("refunds"),
    )
    week = pl.col("created_at").cast(pl.Datetime("us")).dt.truncate("1w").dt.date()
    sums = (
        orders.join(showtimes.select("showtime_id", "event_id"), on="showtime_id", how="left")
        .join(paid, on="order_id", how="left")
        .group_by(week.alias("week"), "event_id")
        .agg(pl.len(), pl.col("gross").sum(), pl.col("refunds").sum())
        .sort("week", "event_id", nulls_last=True)
    )
    return [
        {
            "week_start_on": week_start_on.isoformat(),
            "event_id": event_id,
            "orders": count,
            "gross": money(gross),
            "refunds": money(refunds),
            "net": money(gross + refunds),
        }
        for week_start_on, event_id, count, gross, refunds in sums.iter_rows()
    ]


def money(cents: int) -> str:
    """Cents as an amount with two places.

    >>> money(-5)
    '-0.05'
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


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
