"""What every domain has: its tables, their contracts, and nothing that a contract classifies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import Client, serving
from tiny import built, with_classified_name

from carms_lake import Lake
from carms_lake.errors import UsageError
from carms_lake.serve import held
from carms_lake.serve.filters import Filter
from carms_lake.serve.memory import Memory
from carms_lake.serve.paging import begin
from carms_lake.serve.routes import Asked
from carms_lake.serve.rows import hold
from carms_lake.serve.schema import ensure, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("tiny")
    with serving(Lake(built(folder))) as found:
        yield found


def test_the_domain_of_another_package_is_served_without_a_line_of_it(tiny: Client) -> None:
    names = [one["name"] for one in tiny.get("/api/v1/tables").json["tables"]]
    assert "dim_product" in names
    page = tiny.get("/api/v1/tables/dim_product?name=Tea").json
    assert [row["name"] for row in page["rows"]] == ["Tea"]
    assert page["rows"][0]["price"] == 2.5
    assert tiny.get("/programs").status == 404


def test_columns_are_filtered_by_their_types(tiny: Client) -> None:
    def total(query: str) -> int:
        return int(tiny.get(f"/api/v1/tables/dim_product?{query}").json["total"])

    everything = total("")
    assert total("price__gte=3") == 1
    assert total("price=2.50") == 1
    assert total("name__in=Tea,Jam") == 2
    assert total("name__contains=TE") == 1
    assert total("price__null=true") + total("price__null=false") == everything
    names = [r["name"] for r in tiny.get("/api/v1/tables/dim_product?sort=-price").json["rows"]]
    assert names[:2] == ["Jam", "Tea"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("nam=Tea", "did you mean `name`?"),
        ("price__gt3=1", "did you mean `price__gt`?"),
        ("sort=nam", "did you mean `name`?"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_the_nearest(
    tiny: Client, query: str, said: str
) -> None:
    found = tiny.get(f"/api/v1/tables/dim_product?{query}")
    assert (found.status, found.json["hint"]) == (400, said)
    assert tiny.get("/api/v1/tables/dim_product?price=much").status == 400


def test_a_large_table_is_answered_by_duckdb_as_a_small_one_is_from_memory(
    client: Client, carms_lake_of_six: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [
        "", "limit=2&offset=3", "quota__gte=3", "quota__lt=5&training_province=ON",
        "training_province__in=ON,BC&sort=-quota,program_stream_id", "quota__null=true",
        "program_site__contains=TT", "sort=training_province", "is_newest_iteration=true",
        "approved_on__lte=2024-10-15", "valid_from__gt=2024-01-01T00:00:00Z",
    ]  # fmt: skip
    path = "/api/v1/tables/program_profile"
    small = [client.get(f"{path}?{query}").json for query in queries]
    monkeypatch.setattr(held, "MOST_ROWS", 0)
    with serving(carms_lake_of_six) as large:
        found = [large.get(f"{path}?{query}").json for query in queries]
    for one in (*small, *found):  # a cursor names the same file in both
        one["next"] = bool(one["next"])
    assert found == small
    assert [one["total"] for one in small] == [6, 6, 2, 1, 4, 1, 1, 6, 6, 6, 6]


VALUES = st.one_of(st.none(), st.integers(-3, 3))


@given(
    st.lists(VALUES, max_size=8),
    st.sampled_from(["gt", "gte", "lt", "lte", "eq"]),
    st.integers(-3, 3),
)
def test_a_null_fits_no_comparison(values: list[int | None], how: str, wanted: int) -> None:
    rows = hold((), ("n",), [(value,) for value in values])
    fitting = rows.positions((Filter("n", how, wanted),))
    nulls = rows.positions((Filter("n", "null", value=True),))
    assert not set(fitting) & set(nulls)
    sorted_ones = rows.positions((), (("n", True),))
    known = [values[at] for at in sorted_ones if values[at] is not None]
    assert known == sorted(known, reverse=True)
    assert [values[at] for at in sorted_ones[len(known) :]] == [None] * len(nulls)


def test_what_a_contract_classifies_is_nowhere(tmp_path: Path) -> None:
    built(tmp_path)
    with serving(Lake(with_classified_name(tmp_path)), has_query=True) as client:
        replies = [
            client.get(path)
            for path in (
                "/api/v1/tables", "/api/v1/tables/dim_product", "/api/v1/tables/fact_sale",
                "/api/v1/tables/sales_by_product", "/api/v1/contracts", "/openapi.json",
                "/api/v1/tables/dim_product?name=Tea", "/api/v1/tables/dim_product?sort=name",
            )
        ]  # fmt: skip
        replies.append(client.ask("POST", "/api/v1/query", {"sql": "from dim_product"}))
    assert [reply.status for reply in replies] == [200] * 6 + [400, 400, 403]
    assert all(b"Jam" not in reply.body for reply in replies)
    assert all("name" not in row for row in replies[1].json["rows"])


def test_contracts_say_what_a_table_promises(tiny: Client) -> None:
    listed = tiny.get("/api/v1/contracts").json["contracts"]
    assert {"bronze.products", "silver.product", "gold.dim_product"} <= {c["name"] for c in listed}
    found = tiny.get("/api/v1/contracts/gold.dim_product").json
    assert "price" in [column["name"] for column in found["columns"]]
    assert tiny.get("/api/v1/contracts/gold.dim_prodct").json["hint"] == (
        "did you mean `gold.dim_product`?"
    )


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"type": "integer", "minimum": 1}, "1", "01"),
        ({"type": "number"}, "1.5", "1e999"),
        ({"type": "boolean"}, "false", "False"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "a,b", "a,a"),
        ({"type": "string", "format": "date"}, "2024-02-29", "2025-02-29"),
        ({"type": "string", "maxLength": 2}, "ab", "abc"),
    ],
)
def test_texts_become_values_or_are_refused(schema: Any, right: str, wrong: str) -> None:
    value_of(right, schema, "x")
    with pytest.raises(UsageError):
        value_of(wrong, schema, "x")


def test_an_object_is_checked_to_its_leaves() -> None:
    item = {"type": "object", "required": ["k"], "additionalProperties": False,
            "properties": {"k": {"type": "integer"}}}  # fmt: skip
    schema = {"type": "array", "items": item, "maxItems": 2}
    ensure([{"k": 1}], schema, "x")
    for wrong in ([{}], [{"k": True}], [{"k": 1, "l": 2}], [{"k": 1}] * 3, {"k": 1}, None):
        with pytest.raises(UsageError):
            ensure(wrong, schema, "x")


def test_the_memory_forgets_what_was_not_asked_for_longest() -> None:
    memory = Memory(most=2)
    for name in ("a", "b"):
        memory.once(name, lambda name=name: name)
    assert memory.get("a") == "a"
    memory.once("c", lambda: "c")
    assert [memory.get(name) for name in "abc"] == ["a", None, "c"]


def test_a_cursor_that_was_made_up_is_not_found() -> None:
    class Made:
        tag = "abc"

    for text in ("", "%%%", "YWJj", json.dumps({})):
        with pytest.raises(Exception, match="cursor"):
            begin(Asked(None, Memory(), {"cursor": text}, snapshot=Made()))  # type: ignore[arg-type]
