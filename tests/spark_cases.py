"""For each rule of translation: a SELECT of DuckDB that is not the same on an engine without it."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A SELECT that needs a rule."""

    rule: str
    sql: str
    says: str
    """What is in its translation."""
    needed_by: tuple[str, ...] = ("sail", "spark")
    """The engines that fail, or answer something else, without the rule."""


BOTH, SAIL, SPARK = ("sail", "spark"), ("sail",), ("spark",)
DAYS = "(values (date '2020-12-31'), (date '2021-01-03'), (date '2021-01-04'), (null)) as days(day)"

CASES = [
    Case(
        "surrogate_key",
        "select surrogate_key([part, 'é', null])::bigint as x "
        "from (values ('a'), ('b'), (null)) as t(part)",
        "SHIFTLEFT",
    ),
    Case("isoyear", f"select isoyear(day)::integer as x from {DAYS}", "DATE_TRUNC('WEEK', day)"),
    Case("isodow", f"select isodow(day)::integer as x from {DAYS}", "(DAYOFWEEK(day) + 5) % 7"),
    Case("week", f"select week(day)::integer as x from {DAYS}", "WEEKOFYEAR(day)"),
    Case(
        "names_of_days",
        f"select dayname(day) as x, monthname(day) as y from {DAYS}",
        "DATE_FORMAT(day, 'EEEE')",
    ),
    Case(
        "epoch_us",
        "select epoch_us(timestamp '2024-02-29 23:59:59.000001')::bigint as x",
        "UNIX_MICROS(",
    ),
    Case(
        "letters_of_formats",
        "select strftime(timestamp '2024-02-29 23:59:59.000001', '%Y-%m-%dT%H:%M:%S.%f') as x",
        r"yyyy-MM-dd\'T\'HH",
    ),
    Case(
        "infinity",
        "select timestamp '2024-02-29 00:00:00' < coalesce(null, timestamp 'infinity') as x",
        "9999-12-31 23:59:59.999999",
    ),
    Case("hugeint", "select (3::hugeint * 5)::bigint as x", "DECIMAL(38, 0)"),
    Case(
        "sign",
        "select (sign(net) * (200 * abs(net))::hugeint // 6 * 0.01::decimal(3, 2))"
        "::decimal(18, 2) as x "
        "from (values (-10.01::decimal(18, 2)), (0.05::decimal(18, 2))) as t(net)",
        "CAST(SIGN(net) AS INT)",
        SPARK,
    ),
    Case(
        "days_between",
        "select t.day - date '2020-12-01' > 31 as x, (t.day - date '2020-12-01')::bigint as y "
        "from (select date '2021-01-03' as day) as t",
        "DATEDIFF(t.day, CAST('2020-12-01' AS DATE))",
        SPARK,
    ),
    Case("quotient", "select (100.0 * a / b) as x from (values (11, 17)) as t(a, b)", "AS DOUBLE)"),
    Case(
        "rounded_quotient",
        "select (a / b)::decimal(7, 4) as x "
        "from (values (797.18::double, 16.0::double), (-331.77, 24)) as t(a, b)",
        "ROUND(",
        SPARK,
    ),
    Case(
        "asof_join",
        "select ordered.day, ordered.currency, rate.rate "
        "from (values (3, 'USD'), (9, 'USD'), (1, 'USD'), (9, 'NZD')) as ordered(day, currency) "
        "asof left join (select * from (values (2, 'USD', 15), (5, 'USD', 16), (9, 'EUR', 17)) "
        "as known(day, currency, rate)) as rate "
        "on rate.currency = ordered.currency and ordered.day >= rate.day",
        "LEAD(day) OVER (PARTITION BY currency ORDER BY day",
    ),
    Case(
        "unnest",
        "select flag.name as x, flag.found::bigint as y, rows::bigint as z from ("
        "select 'a' as kind, count(*) as rows, unnest(["
        "{'name': 'small', 'found': count(*) filter (where number < 3)}, "
        "{'name': 'none', 'found': count(*) filter (where number is null)}]) as flag "
        "from (values (1), (2), (3), (null)) as t(number)) as counted",
        "LATERAL VIEW EXPLODE(carms_items)",
        SAIL,
    ),
    Case(
        "unnest",
        "select kind, upper(unnest(names)) as x from "
        "(values ('a', ['b', 'c']), ('d', []), ('e', null)) as t(kind, names)",
        "UPPER(carms_item)",
        SPARK,
    ),
    Case(
        "qualify",
        "select a from (values (1, 2), (1, 3), (2, 1)) as t(a, b) "
        "qualify row_number() over (partition by a order by b) = 1",
        "WHERE _w = 1",
        SAIL,
    ),
    Case(
        "group_by_all",
        "select a || 'x' as x, count(*) as y, null as z from (values ('1'), ('1'), ('2')) as t(a) "
        "group by all",
        "GROUP BY a || 'x'",
        SAIL,
    ),
    Case(
        "same_or_both_null",
        "with asked as (select a is not distinct from 'en' as is_english, b from "
        "(values ('en', 1), (null, 2), ('fr', 3)) as t(a, b)), "
        "counted as (select is_english, b, count(*) as times from asked group by is_english, b) "
        "select is_english, row_number() over (order by is_english, b)::bigint as x from counted",
        "COALESCE(a = 'en', FALSE)",
        SAIL,
    ),
]
