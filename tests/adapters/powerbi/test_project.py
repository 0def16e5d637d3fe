"""`carms powerbi`: the project is made of the contracts, is valid, and stays the same."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from adapters.powerbi.schemas import Schemas
from command import called
from conftest import SMALL
from helpers import property_, write_contract
from lakes import digest
from own_domain import own_shop

import carms_lake
from carms_lake.adapters.powerbi import project_files, write_project
from carms_lake.adapters.powerbi.filled import Declared, pages_of
from carms_lake.adapters.powerbi.model import DATE_TABLE, Join, Model, model_of
from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Page, Slicer
from carms_lake.adapters.powerbi.pbir import report_files
from carms_lake.adapters.powerbi.source import Source
from carms_lake.adapters.powerbi.tmdl import quoted
from carms_lake.config import Domain, LakeConfig, builtin_schemas
from carms_lake.errors import ContractError, UsageError
from carms_lake.names import TableRef

TITLES = {
    "carms": [
        "Overview", "Disciplines and provinces", "Contested programs", "Requirements",
        "Data quality",
    ],
    "retail": [
        "Executive summary", "Sales and returns", "Customers", "Operations", "Data quality",
    ],
    "ticketing": ["Sales", "Funnel", "Identity"],
}  # fmt: skip
SAID = 'Ventes d’été: "net" = 100 % [d\'ici]'
NUMBER = {"logical": "integer", "physical": "bigint"}


def shipped(domain: str, project: Path) -> carms_lake.Lake:
    """The lake of a domain that comes with the tool; it holds nothing."""
    own = Domain(domain, f"carms_lake.domains.{domain}", (builtin_schemas() / domain,))
    return carms_lake.Lake(LakeConfig(project, own))


@pytest.fixture(scope="module", params=list(SMALL))
def lake(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> carms_lake.Lake:
    return shipped(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def odd(tmp_path: Path) -> carms_lake.Lake:
    """A domain with names and words that each of the formats has to escape."""

    def put(name: str, properties: list[dict[str, Any]], **rest: Any) -> None:
        ref = TableRef.parse(f"gold.{name}", domain="odd")
        assert ref is not None
        write_contract(tmp_path / "schemas", ref, properties, **rest)

    day = property_("calendar_on", "date")
    put(DATE_TABLE, [property_("date_key", "integer", primaryKey=True), day])
    put("store", [property_("store_key", "integer", primaryKey=True, description=SAID)])
    refers = [{"to": f"{DATE_TABLE}.date_key"}]
    put(
        "sale",
        [
            property_("sale_id", primaryKey=True),
            property_("tags", "array", "varchar[]"),
            property_("email", classification="confidential"),
            property_("store_key", "integer", relationships=[{"to": "store.store_key"}]),
            property_("sold_key", "integer", relationships=refers),
            property_("paid_key", "integer", relationships=refers),
            property_("net", "number", "decimal(18,2)"),
            property_("rate", "number", "decimal(18,6)"),
            property_("share_pct", "number"),
            property_("sold_at", "timestamp"),
        ],
        description=SAID,
        **{
            "carms.measures": [
                {
                    "name": 'Été d\'ici: l’"eau"',
                    "dax": "CALCULATE(\n  SUM('sale'[net]),\n  'sale'[sale_id] = \"=\"\n)",
                    "sql": "select 1",
                    "format": '"€" #,0.00',
                    "description": SAID,
                    "folder": "Ventes: été",
                }
            ]
        },
    )
    own = Domain("odd", "no_such_package", (tmp_path / "schemas",))
    return carms_lake.Lake(LakeConfig(tmp_path, own))


def test_every_json_file_is_valid_by_the_schema_that_it_names(
    lake: carms_lake.Lake, odd: carms_lake.Lake
) -> None:
    schemas = Schemas()
    for project in (lake, odd):
        files = {p: t for p, t in project_files(project, Source()).items() if t.startswith("{")}
        assert len(files) >= 10
        for path, text in files.items():
            content = json.loads(text)
            assert schemas.errors(content) == [], path
            assert schemas.errors({**content, "other": 1}), f"{path}: anything is valid"


def test_the_model_is_read_back_as_the_contracts_have_it(
    lake: carms_lake.Lake, odd: carms_lake.Lake, tmp_path: Path
) -> None:
    reader = pytest.importorskip("tmdl_parser", reason="powerbi-tmdl-tools is not installed")
    for n, project in enumerate((lake, odd)):
        domain = project.config.domain.name
        model = tmp_path / str(n) / f"{domain}.SemanticModel/definition"
        write_project(project, tmp_path / str(n), Source())
        read = {t["name"]: t for t in map(_parsed(reader), sorted(model.glob("tables/*.tmdl")))}
        contracts = {
            contract.ref.table: contract
            for name, contract in project.contracts.items()
            if name.startswith("gold.") and contract.kind != "macro"
        }
        left_out = contracts.keys() - read.keys()
        assert all(t.startswith(("search_", "program_section")) for t in left_out), left_out
        for name, table in read.items():
            contract = contracts[name]
            shown = [c for c in contract.columns if c.type.item is None and not c.is_private]
            kinds = {column.name: column.type.name for column in shown}
            assert [column["name"] for column in table["columns"]] == list(kinds)
            for column in table["columns"]:
                assert column["summarizeBy"] == "none"
                assert column["sourceColumn"] == column["name"]
                assert _fits(column["dataType"], kinds[column["name"]])
            measures = {m["name"].replace("''", "'"): m for m in table.get("measures", [])}
            assert list(measures) == [measure.name for measure in contract.measures]
            for measure in contract.measures:
                assert measures[measure.name]["expression"] == measure.dax
            assert table["partitions"][0]["source"].startswith("let\n")
        joined = reader.parse_tmdl(str(model / "relationships.tmdl"))["relationships"]
        assert {
            (j["fromTable"], j["fromColumnName"], j["toTable"], j["toColumnName"]) for j in joined
        } == {
            (name, r.columns[0], r.target.table, r.target_columns[0])
            for name, contract in contracts.items()
            if name in read
            for r in contract.relationships
        }


def test_tables_and_columns_have_the_descriptions_of_the_contracts(lake: carms_lake.Lake) -> None:
    files = project_files(lake, Source())
    for table in model_of(lake, ("search_*", "program_section*")).tables:
        text = files[f"{lake.config.domain.name}.SemanticModel/definition/tables/{table.name}.tmdl"]
        contract = lake.contracts[f"gold.{table.name}"]
        assert text.startswith(f"/// {contract.description.rstrip('.')}. ")
        for column in table.columns:
            (said,) = re.findall(rf"\t/// (.*)\n\tcolumn {column.name}\n", text)
            assert said.startswith(contract.column(column.name).description)


def _parsed(reader: Any) -> Any:
    return lambda path: reader.parse_tmdl(str(path))


def _fits(found: str, kind: str) -> bool:
    fitting = {
        "varchar": "string", "json": "string", "boolean": "boolean", "double": "double",
        "date": "dateTime", "timestamp": "dateTime", "integer": "int64", "bigint": "int64",
        "smallint": "int64",
    }  # fmt: skip
    return found in {"decimal", "double"} if kind == "decimal" else found == fitting[kind]


def test_names_and_words_are_escaped(odd: carms_lake.Lake) -> None:
    files = project_files(odd, Source(folder='D:\\Données "neuves" #(tab)'))
    place = "odd.SemanticModel/definition"
    sale = files[f"{place}/tables/sale.tmdl"]
    assert sale.startswith(f"/// {SAID}.\ntable sale\n")
    assert (
        "\tmeasure 'Été d''ici: l’\"eau\"' =\n\t\t\tCALCULATE(\n\t\t\t  SUM('sale'[net]),\n" in sale
    )
    assert '\t\tformatString: """€"" #,0.00"\n\t\tdisplayFolder: Ventes: été\n' in sale
    assert "tags" not in sale, "Power BI has no lists"
    assert "email" not in sale, "it is not public"
    assert "\tcolumn rate\n\t\tdataType: double\n" in sale, "more decimals than `decimal` keeps"
    assert "\tcolumn net\n\t\tdataType: decimal\n" in sale
    assert '"D:\\Données ""neuves"" #(#)(tab)"' in files[f"{place}/expressions.tmdl"]
    page = json.dumps([text for path, text in files.items() if path.endswith("visual.json")])
    assert "Été d'ici" in json.loads(page)[1] + json.loads(page)[2]
    assert quoted("plain_1") == "plain_1"
    assert quoted("a = b") == "'a = b'"
    assert quoted("l'été") == "'l''été'"


def test_one_relationship_between_two_tables_is_active(lake: carms_lake.Lake) -> None:
    model = model_of(lake)
    active = [join for join in model.joins if join.is_active]

    def ways(table: str, to: str) -> int:
        if table == to:
            return 1
        return sum(ways(join.to_table, to) for join in active if join.table == table)

    names = [table.name for table in model.tables]
    assert all(ways(table, to) <= 1 for table in names for to in names if table != to)
    used = " ".join(measure.dax for table in model.tables for measure in table.measures)
    for join in model.joins:
        here, there = (f"'{table}'[{column}]" for table, column in (join[:2], join[2:4]))
        is_used = f"USERELATIONSHIP({here}, {there})" in used
        assert is_used is not join.is_active, f"{join}: a role that none uses"
        if not join.is_active:
            (table,) = (table for table in model.tables if table.name == join.table)
            (column,) = (column for column in table.columns if column.name == join.column)
            assert "inactive" in column.description


def test_keys_are_hidden_and_the_calendar_is_marked(odd: carms_lake.Lake) -> None:
    model = model_of(odd)
    assert model.joins == (
        Join("sale", "store_key", "store", "store_key"),
        Join("sale", "sold_key", DATE_TABLE, "date_key"),
        Join("sale", "paid_key", DATE_TABLE, "date_key", is_active=False),
    )
    hidden = {
        f"{table.name}.{column.name}"
        for table in model.tables
        for column in table.columns
        if column.is_hidden
    }
    assert hidden == {
        "sale.store_key", "sale.sold_key", "sale.paid_key", "store.store_key", "dim_date.date_key",
    }  # fmt: skip
    calendar = project_files(odd, Source())["odd.SemanticModel/definition/tables/dim_date.tmdl"]
    assert "table dim_date\n\tdataCategory: Time\n" in calendar
    assert "\tcolumn calendar_on\n\t\tdataType: dateTime\n\t\tisKey\n" in calendar
    assert "each [calendar_on] <> null" in calendar, "the row of no day is filtered"


def test_months_are_sorted_by_their_number(lake: carms_lake.Lake) -> None:
    (calendar,) = (table for table in model_of(lake).tables if table.is_date)
    by = {column.name: column.sort_by for column in calendar.columns if column.sort_by}
    assert by == {"month_name": "calendar_month", "weekday_name": "iso_weekday"}


def test_a_domain_has_the_pages_that_it_declares(lake: carms_lake.Lake) -> None:
    domain = lake.config.domain.name
    files = project_files(lake, Source())
    pages = {
        json.loads(t)["name"]: json.loads(t) for p, t in files.items() if p.endswith("page.json")
    }
    order = json.loads(files[f"{domain}.Report/definition/pages/pages.json"])["pageOrder"]
    assert [pages[name]["displayName"] for name in order] == TITLES[domain]
    for path, text in files.items():
        if path.endswith("visual.json"):
            at = json.loads(text)["position"]
            assert at["x"] + at["width"] <= 1280, path
            assert at["y"] + at["height"] <= 720, path
            assert min(at["width"], at["height"]) >= 40, path


def test_a_domain_of_somebody_else_gets_a_page_of_its_tables(tmp_path: Path) -> None:
    shop = own_shop(tmp_path)
    done = called(shop, "powerbi", "-o", "out")
    assert done.code == 0, done.err
    assert Path(done.out.strip()) == Path("out/shop.pbip")
    visuals = [json.loads(p.read_text(encoding="utf-8")) for p in shop.rglob("visual.json")]
    kinds = {visual["visual"]["visualType"] for visual in visuals}
    assert "tableEx" in kinds


@pytest.mark.parametrize(
    ("visual", "message"),
    [
        (Card("Net"), "the model has no `Net`"),
        (Card("sale.net"), "`net` is not a measure"),
        (Chart("A chart", "bars", "sale.nets", ()), "the model has no `sale.nets`"),
        (Chart("A chart", "bars", "sale.net", ("sale.net",)), "`net` is not a measure"),
        (Slicer('Été d\'ici: l’"eau"'), "is not a column"),
        (Grid("A table", ("sale.net", "sold.net")), "the model has no `sold.net`"),
    ],
)
def test_a_page_that_names_what_is_not_there_is_refused(
    odd: carms_lake.Lake, visual: Any, message: str
) -> None:
    said = Declared("`odd.powerbi`", (Page("one", "One", ((visual,),)),))
    with pytest.raises(ContractError) as error:
        pages_of(model_of(odd), said)
    assert message in error.value.message
    assert "`odd.powerbi`, page `one`: " in error.value.message


def test_titles_are_escaped(odd: carms_lake.Lake) -> None:
    model = model_of(odd)
    page = Page("one", "L'été", ((Grid('L\'été "1"', ("sale.net",)),),))
    files = report_files("odd", pages_of(model, Declared("", (page,))))
    texts = [json.loads(text) for path, text in files.items() if path.endswith("visual.json")]
    assert "'L''été \"1\"'" in str(texts).replace("\\'", "'")


def test_every_table_is_where_publish_writes_it(
    shipped_lake: carms_lake.Lake, tmp_path: Path
) -> None:
    """The steps of the M query, taken here: pointer, path, file, columns."""
    domain, project = shipped_lake.config.domain.name, tmp_path / "project"
    shutil.copytree(shipped_lake.config.project, project)
    done = called(project, "-d", domain, "publish", "parquet", str(tmp_path / "published"))
    assert done.code == 0, done.err
    at = tmp_path / "published" / domain
    run = json.loads((at / "current.json").read_text(encoding="utf-8"))["run"]
    model = model_of(shipped_lake)
    assert model.tables
    for table in model.tables:
        found = pl.read_parquet_schema(at / "runs" / run / f"{table.name}.parquet")
        assert {column.name for column in table.columns} <= found.keys(), table.name


@pytest.mark.parametrize("source", [Source("D:\\published\\"), Source(dsn='carms "new"')])
def test_every_table_has_one_source(odd: carms_lake.Lake, source: Source) -> None:
    files = project_files(odd, source)
    for path, text in files.items():
        if "/tables/" in path:
            assert text.count("Folder.Files(") + text.count("Odbc.Query(") == 1
            assert ("Odbc.Query" in text) is (source.dsn is not None)
            follows = '"current.json"' in text and r'"\runs\" & Json.Document(' in text
            assert follows is (source.dsn is None)
    if source.dsn:
        store = files["odd.SemanticModel/definition/tables/store.tmdl"]
        assert 'Odbc.Query("dsn=" & DSN, "select ""store_key"" from gold.""store""")' in store
        assert '"carms ""new"""' in files["odd.SemanticModel/definition/expressions.tmdl"]


def test_written_twice_nothing_changes(odd: carms_lake.Lake, tmp_path: Path) -> None:
    place = tmp_path / "out"
    first = write_project(odd, place, Source())
    before = digest(place)
    assert first.written == len(before) - 1  # and the record of them
    (place / "odd.SemanticModel/.pbi").mkdir()
    (place / "odd.SemanticModel/.pbi/cache.abf").write_bytes(b"of Desktop")
    again = write_project(odd, place, Source())
    assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)
    assert {
        **before,
        "odd.SemanticModel/.pbi/cache.abf": digest(place)["odd.SemanticModel/.pbi/cache.abf"],
    } == digest(place)
    assert project_files(odd, Source()) == project_files(odd, Source())


def test_a_table_that_is_gone_is_removed(odd: carms_lake.Lake, tmp_path: Path) -> None:
    place = tmp_path / "out"
    contract = tmp_path / "schemas/gold/other.odcs.yaml"
    write_contract(tmp_path / "schemas", TableRef("odd", "gold", "other"), [property_("a")])
    write_project(carms_lake.Lake(odd.config), place, Source())
    file = place / "odd.SemanticModel/definition/tables/other.tmdl"
    assert file.exists()
    contract.unlink()
    assert write_project(carms_lake.Lake(odd.config), place, Source()).removed == 1
    assert not file.exists()


def test_edited_and_foreign_files_are_kept_unless_forced(
    odd: carms_lake.Lake, tmp_path: Path
) -> None:
    place, other = tmp_path / "out", tmp_path / "other"
    write_project(odd, place, Source())
    edited = place / "odd.SemanticModel/definition/tables/sale.tmdl"
    edited.write_text("mine", encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"edited: `odd\.SemanticModel/definition/tables/sale\.tmdl`"
    ):
        write_project(odd, place, Source(dsn="other"))
    assert edited.read_text(encoding="utf-8") == "mine"
    assert "Folder" in (place / "odd.SemanticModel/definition/expressions.tmdl").read_text("utf-8")
    assert write_project(odd, place, Source(), force=True).written == 1
    other.mkdir()
    (other / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty"):
        write_project(odd, other, Source())
    write_project(odd, other, Source(), force=True)
    assert (other / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_record_leads_nowhere_else(odd: carms_lake.Lake, tmp_path: Path) -> None:
    place, outside = tmp_path / "out", tmp_path / "outside.txt"
    outside.write_text("mine", encoding="utf-8")
    write_project(odd, place, Source())
    record = place / ".carms-powerbi.json"
    said = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps({**said, "../outside.txt": "0"}), encoding="utf-8")
    write_project(odd, place, Source(), force=True)
    assert outside.exists()


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    assert called(tmp_path, "init").code == 0
    done = called(tmp_path, "--json", "powerbi", "-d", "ticketing")
    assert done.code == 0, done.err
    assert done.json["data"]["unchanged"] == 0
    assert (tmp_path / "ticketing-powerbi/ticketing.pbip").is_file()
    again = called(tmp_path, "powerbi", "-d", "ticketing")
    assert "0 files written" in again.err
    both = called(tmp_path, "powerbi", "--folder", "a", "--odbc", "b")
    assert both.code == 2
    assert "name one of them" in both.err


def test_ids_are_the_same_each_time(odd: carms_lake.Lake) -> None:
    """In every process and version: Power BI knows an object by its id."""
    assert model_of(odd).tag("table", "sale") == "fba4545b-19d0-5df6-84c7-db6f095c9544"
    assert Model("other", (), ()).tag("table", "sale") != "fba4545b-19d0-5df6-84c7-db6f095c9544"
