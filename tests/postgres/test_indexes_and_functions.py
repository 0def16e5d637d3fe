"""Indexes that contracts name, `unaccented`, and the functions of a domain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from pg import asked
from tiny import built, sell

from carms_lake import Lake
from carms_lake.adapters.postgres import functions, publish, schema_of
from carms_lake.adapters.postgres.indexes import index_name

if TYPE_CHECKING:
    from pathlib import Path

INDEXES = [
    {"columns": ["name"], "kind": "trigram"},
    {"columns": ["product_id", "name"]},
    {"columns": ["price"], "kind": "btree"},
]


def indexed(folder: Path, indexes: list[dict[str, Any]] = INDEXES) -> Lake:
    """The tiny shop, whose contract of products names indexes."""
    config = built(folder)
    source = config.domain.schemas[0] / "gold/dim_product.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    table = document["schema"][0]
    table.setdefault("customProperties", []).append({"property": "carms.indexes", "value": indexes})
    own = folder / "schemas/tiny/gold/dim_product.odcs.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, folder / "schemas/tiny")
    return Lake(replace(config, domain=replace(config.domain, schemas=schemas)))


def indexes_in(url: str, schema: str) -> set[str]:
    """The names of the indexes of products that are not of a key."""
    found = asked(
        url,
        "select i.relname::text from pg_index as x join pg_class as i on i.oid = x.indexrelid "
        f"where x.indrelid = '{schema}.dim_product'::regclass and not x.indisunique",
    )
    return {name for (name,) in found}


def plan(url: str, condition: str) -> str:
    """How PostgreSQL finds the products of a condition."""
    rows = asked(url, f"explain select product_id from tiny_gold.dim_product where {condition}")
    return "\n".join(line for (line,) in rows)


def test_a_search_in_names_uses_the_index_with_accents_and_without(
    tmp_path: Path, url: str
) -> None:
    lake = indexed(tmp_path)
    with duckdb.connect(str(lake.config.gold_file)) as connection:
        names = {column[0] for column in connection.execute("from gold.dim_product").description}
        first = connection.execute("select max(product_key) from gold.dim_product").fetchone()
        assert first is not None
        others = ", ".join(sorted(names - {"product_key", "product_id", "name"}))
        connection.execute(
            f"insert into gold.dim_product (product_key, product_id, name, {others}) "
            f"select {first[0]} + n, 'x' || n, md5(n::varchar) || "
            "case n when 7 then ' Thé de Québec, œuvre' else '' end, "
            f"{others} from gold.dim_product, range(1, 30001) as t(n) where product_id = 'p1'"
        )
    done = publish(lake, url)
    assert done.notes == ()
    assert "dim_product_name_trigram" in plan(url, "name ilike '%québec%'")
    wanted = "tiny_gold.unaccented(name) ilike tiny_gold.unaccented('%THÉ DE QUEBEC, oeuvre%')"
    assert "dim_product_name_trigram" in plan(url, wanted)
    assert asked(url, f"select product_id from tiny_gold.dim_product where {wanted}") == [("x7",)]
    assert "dim_product_product_id_name_btree" in plan(url, "product_id = 'x7'")
    schema = schema_of("tiny_gold", done.publication.gold_run_id)
    assert indexes_in(url, schema) == {
        "dim_product_name_trigram",
        "dim_product_product_id_name_btree",
        "dim_product_price_btree",
    }


@pytest.mark.parametrize("is_owner", [True, False])
def test_where_trigrams_cannot_be_had_it_is_said_and_the_rest_is_published(
    tmp_path: Path, url: str, is_owner: bool
) -> None:
    """The owner of a database may create the extension; who may only create schemas may, too,
    as it is trusted, unless the place for it is closed."""
    role = f"loader_{url.rpartition('?')[0].rpartition('/')[2]}"
    name = url.partition("@/")[2].partition("?")[0]
    asked(url, f"create role {role} login", f"grant create on database {name} to {role}")
    if is_owner:
        asked(url, f"alter database {name} owner to {role}")
    else:
        asked(url, f"revoke create on database {name} from public", "drop schema public")
    done = publish(indexed(tmp_path), url.replace("postgres@", f"{role}@"))
    schema = schema_of("tiny_gold", done.publication.gold_run_id)
    found = {"dim_product_product_id_name_btree", "dim_product_price_btree"}
    if is_owner:
        assert done.notes == ()
        assert indexes_in(url, schema) == {*found, "dim_product_name_trigram"}
    else:
        (note,) = done.notes
        assert "without trigram indexes, for which pg_trgm is needed" in note
        assert indexes_in(url, schema) == found
    assert asked(url, "select tiny_gold.unaccented('Élan')") == [("Elan",)]


def test_an_index_has_the_same_name_in_each_run_also_a_long_one(tmp_path: Path, url: str) -> None:
    columns = ["product_id", "name", "price", "product_key"]
    lake = indexed(
        tmp_path,
        [
            {"columns": columns},
            {"columns": columns[::-1]},
            {"columns": ["name", "product_id"], "kind": "trigram"},
        ],
    )
    found = []
    for number in range(2):
        if number:
            sell(lake, number)
        run = publish(lake, url).publication.gold_run_id
        found.append(indexes_in(url, schema_of("tiny_gold", run)))
    assert len(found[0]) == 3
    assert found[0] == found[1]


def test_a_name_that_postgresql_would_cut_stays_apart_from_others() -> None:
    names = [index_name("t" * 40, ("c" * 40, column), "btree") for column in ("a", "b")]
    assert len({name[:63] for name in names}) == 2
    assert max(map(len, names)) <= 63


def test_functions_of_before_are_replaced_or_go(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(built(tmp_path))
    texts: dict[str, str] = {}
    monkeypatch.setattr(functions, "functions_of", lambda _: texts)
    start = "create or replace function gold.{} language sql stable as $$ {} $$"
    total = "select sum(quantity) from gold.fact_sale"
    versions: list[dict[str, str]] = [
        {
            "sold": start.format("sold() returns bigint", total),
            "most": start.format("most() returns bigint", "select gold.sold()"),
        },
        {"sold": start.format("sold(above integer) returns numeric", f"{total} having true")},
        {},
    ]
    left: list[list[str]] = []
    for number, version in enumerate(versions):
        texts.clear()
        texts.update(version)
        if number:
            sell(lake, number)
        publish(lake, url)
        found = asked(
            url,
            "select format('%s(%s)', proname, pg_get_function_arguments(oid)) from pg_proc "
            "where pronamespace = 'tiny_gold'::regnamespace order by 1",
        )
        left.append([name for (name,) in found])
        if not number:
            assert asked(url, "select tiny_gold.most()") == [(3,)]
    assert left == [
        ["most()", "sold()"],
        ["sold(above integer)"],
        [],
    ]
