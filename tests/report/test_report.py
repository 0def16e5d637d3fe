"""The report of a small lake: figures, forms, and nothing that it should not say."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
import yaml
from command import called
from html_page import Page
from reject_lake import shop
from tiny import built

from carms_lake.api import Lake
from carms_lake.errors import DataError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.report import report
from carms_lake.report import words as words_of_report
from carms_lake.report.pages import Chart, Column, Table
from carms_lake.report.pages import Page as Declared
from carms_lake.report.words import Both, Words

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

HOSTILE = "<script>alert('x')</script>\x1b[31m\u202e\"'&"
SHOWN = "<script>alert('x')</script>\\x1b[31m\\u202e\"'&"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    """A lake with a rejected record and a quarantined row."""
    return built(tmp_path_factory.mktemp("lake"), sales=",p1,1\ns4,p9,1\n")


@pytest.fixture(scope="module")
def page(config: LakeConfig) -> Page:
    return Page(report(Lake(config)).html())


def test_every_element_is_closed_and_every_id_stands_once_and_every_link_leads_to_one(
    page: Page,
) -> None:
    ids = page.ids()
    assert len(set(ids)) == len(ids)
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    assert links
    assert [link for link in links if link.removeprefix("#") not in ids] == []
    named = [a[name] for _, a in page.elements for name in ("aria-labelledby",) if name in a]
    assert [one for one in named if one not in ids] == []


def test_the_policy_allows_the_page_s_own_style_and_script_alone(config: LakeConfig) -> None:
    said = report(Lake(config)).html()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', said)[1]
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inner = re.findall(rf"<{tag}>(.*?)</{tag}>", said, re.DOTALL)
        assert len(inner) == 1
        digest = base64.b64encode(hashlib.sha256(inner[0].encode()).digest()).decode()
        assert f"{rule} &#39;sha256-{digest}&#39;" in policy
    assert policy.startswith("default-src &#39;none&#39;;")
    assert not re.search(
        r'\b(src|style|on\w+)="', re.sub("<script>.*?</script>", "", said, flags=re.DOTALL)
    )
    assert "http://" not in said
    assert "https://" not in said


def test_the_same_lake_gives_the_same_bytes(config: LakeConfig) -> None:
    lake = Lake(config)
    for lang in ("en", "fr"):
        assert report(lake, lang).html() == report(lake, lang).html()


def test_the_figures_are_those_of_a_query(config: LakeConfig, page: Page) -> None:
    lake = Lake(config)
    runs = lake.query("select command, accepted, rejected from ops.runs order by run_id").rows()
    header, *rows = page.table("cockpit-runs")
    at = [header.index(name) for name in ("Command", "Accepted", "Rejected")]
    assert [tuple(row[n] for n in at) for row in rows] == [tuple(map(str, run)) for run in runs]
    counted = dict(lake.query("select 'gold.fact_sale', count(*) from gold.fact_sale").rows())
    shown = {row[0]: row[1] for row in page.table("cockpit-rows")}
    assert shown["gold.fact_sale"] == str(counted["gold.fact_sale"])
    sold = lake.query("select name, quantity from sales_by_product order by quantity desc").rows()
    assert page.table("sales-by_product")[1:] == [[name, str(n)] for name, n in sold]


def test_the_statement_below_a_block_gives_its_figures(config: LakeConfig, page: Page) -> None:
    lake = Lake(config)
    sql = [said for said, around in page.texts if any(tag == "pre" for tag, _ in around)]
    assert len(sql) > 5
    for one in sql:
        assert lake.query(one).height >= 0


def test_what_is_wrong_comes_first_and_says_what_to_do(page: Page) -> None:
    said = [text for text, around in page.texts if ("main", {"id": "main"}) in around]
    assert said.index("Cockpit") == 0
    assert "Nothing is wrong as of" in said[1]
    assert "2 records and rows are rejected or quarantined." in " ".join(said[:6])
    assert "carms rejects -d tiny" in said[:6]


def test_a_rejected_record_is_counted_and_not_shown(config: LakeConfig) -> None:
    made = report(Lake(config))
    for said in (made.html(), made.markdown()):
        assert "REQUIRED" in said
        assert "p9" not in said


def test_every_word_of_a_french_page_is_in_the_dictionary(
    config: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word that is looked up becomes a sign: no letter is left but those of figures."""
    signs = dict.fromkeys(words_of_report.dictionary(), Both("\u00b6", "\u00b6"))
    monkeypatch.setattr(words_of_report, "dictionary", lambda: signs)
    plain = Words.of
    monkeypatch.setattr(
        Words, "of", lambda w, said: "\u00b6" if isinstance(said, Both) else plain(w, said)
    )
    said = Page(report(Lake(config), "fr").html())
    left = [
        text
        for text in said.in_language()
        if re.search(r"[^\W\d_]", re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d\u00a0UTC", "", text))
    ]
    assert left == []


def test_a_french_page_says_so_and_marks_what_is_english(config: LakeConfig) -> None:
    said = Page(report(Lake(config), "fr").html())
    assert said.elements[0] == ("html", {"lang": "fr"})
    english = [text for text, around in said.texts if any(a.get("lang") == "en" for _, a in around)]
    assert any("One row per" in text for text in english)
    assert "Tableau de bord" in [text for text, _ in said.texts]


def test_the_tables_are_markdown_and_sheets_too(config: LakeConfig, tmp_path: Path) -> None:
    shutil.copytree(config.project, tmp_path / "lake")
    (tmp_path / "lake/carms.toml").write_text("", encoding="utf-8")
    made = report(Lake(config))
    text = made.markdown()
    assert (
        "### What was sold\n\n| Product | Quantity \\(pieces\\) |\n| --- | --- |\n| Tea |" in text
    )
    sheets = dict(made.frames())
    assert sheets["What was sold"].rows()[0][0] == "Tea"
    assert "Tables and columns" in sheets


def test_an_empty_project_has_a_report_that_says_so(tmp_path: Path) -> None:
    assert called(tmp_path, "init", "-d", "retail").code == 0
    done = called(tmp_path, "report", "--lang", "fr")
    assert (done.code, done.out) == (0, "retail-report.html\n")
    said = Page((tmp_path / "retail-report.html").read_text(encoding="utf-8"))
    assert "Ce lac ne contient encore rien." in [text for text, _ in said.texts]


def test_the_file_s_name_or_an_option_says_what_is_written(tmp_path: Path) -> None:
    assert called(tmp_path, "init", "-d", "retail").code == 0
    done = called(tmp_path, "report", "-o", "a.xlsx", "--json")
    assert done.json["data"] == {"file": "a.xlsx", "bytes": (tmp_path / "a.xlsx").stat().st_size}
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "Tables and columns" in book.sheetnames
    assert called(tmp_path, "report", "-o", "a.md").code == 0
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# Report on the lake retail")
    assert called(tmp_path, "report", "-o", "-", "--markdown").out.startswith("# Report")
    for wrong in (
        ("-o", "a.pdf"),
        ("-o", "a.html", "--xlsx"),
        ("--markdown", "--xlsx"),
        ("--xlsx", "--open"),
        ("-o", "-", "--json"),
        ("--lang", "de"),
    ):
        done = called(tmp_path, "report", *wrong)
        assert (done.code, "hint" in done.err) == (2, True), wrong


def test_open_shows_the_file_in_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(asked.append(url)))
    assert called(tmp_path, "init", "-d", "retail").code == 0
    done = called(tmp_path, "report", "-o", "a b.html", "--open")
    assert done.code == 0
    assert asked == [(tmp_path / "a b.html").resolve().as_uri()]
    assert "open `a b.html` yourself" in done.err


def test_text_of_contracts_data_and_sql_is_shown_as_text(
    config: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "select '" + HOSTILE.replace("'", "''") + "' as name, 1 as n -- </script>"
    columns = (Column("name", Both(HOSTILE, HOSTILE)), Column("n", Both("n", "n"), unit=HOSTILE))
    blocks = (
        Table("a", Both(HOSTILE, HOSTILE), sql, columns, note=Both(HOSTILE, HOSTILE)),
        Chart("b", Both(HOSTILE, HOSTILE), sql, columns, "bars", "name", ("n",)),
        Chart("c", Both(HOSTILE, HOSTILE), sql, columns, "lines", "name", ("n",)),
    )
    page = Declared("own", Both(HOSTILE, HOSTILE), blocks, lead=Both(HOSTILE, HOSTILE))
    monkeypatch.setattr("carms_lake.report.pages_of", lambda _: (page,))
    said = report(Lake(config)).html()
    assert said.count("<script") == 1
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert sum(SHOWN in text for text, _ in Page(said).texts) >= 10


def test_rows_that_break_a_rule_are_shown_on_request_and_never_of_people(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    rule = {
        "name": "small", "type": "sql", "severity": "error", "mustBe": 0,
        "query": "select count(*) from {object} where quantity < 2",
    }  # fmt: skip
    path = config.domain.schemas[-1] / "silver/sale.odcs.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["schema"][0].setdefault("quality", []).append(rule)
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    with pytest.raises(DataError):
        build(config)
    lake = Lake(config)
    assert Page(report(lake).html()).table("cockpit-failures")[1][:2] == ["silver.sale", "small"]
    assert "cockpit-samples" not in Page(report(lake).html()).ids()
    shown = Page(report(lake, with_samples=True).html()).table("cockpit-samples")
    assert shown[1][:3] == ["silver.sale", "small", '{"sale_id": "s2"}']
    contract["schema"][0]["properties"][-1]["classification"] = "personal"
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    page = report(lake, with_samples=True).html()
    assert Page(page).table("cockpit-samples") == []
    assert "s2" not in [text for text, _ in Page(page).texts]


def test_a_function_of_the_lake_gives_rows_where_a_statement_cannot(
    config: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(lake: Lake, lang: str) -> pl.DataFrame:
        return pl.DataFrame({"name": [lang], "n": [lake.query("select 40 + 2 as n")["n"][0]]})

    columns = (Column("name", Both("Name", "Nom")), Column("n", Both("n", "n")))
    block = Table("a", Both("A", "A"), "", columns, rows=rows)
    page = Declared("own", Both("Own", "Propre"), (block,))
    monkeypatch.setattr("carms_lake.report.pages_of", lambda _: (page,))
    made = report(Lake(config), "fr")
    assert Page(made.html()).table("own-a") == [["Nom", "n"], ["fr", "42"]]
    assert dict(made.frames())["A"].rows() == [("fr", 42)]


def test_the_language_is_in_the_statement_that_is_shown(
    config: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (Column("l", Both("L", "L")),)
    block = Table("a", Both("A", "A"), "select $lang as l", columns)
    page = Declared("own", Both("Own", "Propre"), (block,))
    monkeypatch.setattr("carms_lake.report.pages_of", lambda _: (page,))
    said = Page(report(Lake(config), "fr").html())
    assert said.table("own-a") == [["L"], ["fr"]]
    assert "select 'fr' as l" in [text for text, _ in said.texts]


def test_a_lake_that_an_older_contract_made_has_its_report(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    build(config)
    path = config.domain.schemas[-1] / "gold/fact_sale.odcs.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    properties = contract["schema"][0]["properties"]
    properties.append({**properties[-1], "name": "discount"})
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    page = Page(report(Lake(config)).html())
    assert "discount" in [text for text, _ in page.texts]
    assert "t-gold.fact_sale" in page.ids()
