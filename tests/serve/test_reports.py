"""The report over HTTP: that of the command, made once for each published file."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

from python_calamine import CalamineWorkbook
from served import Client, serving
from tiny import SALES, laid, put

from carms_lake import Lake
from carms_lake.config import load_config
from carms_lake.report import report
from carms_lake.serve.children import Children

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = "/api/v1/reports/lake.html"


def test_all_who_ask_get_the_page_of_the_command_made_once(
    client: Client, carms_lake_of_six: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    run = Children.run

    async def counted(self, words, timeout_s=None):
        started.append(words)
        return await run(self, words, timeout_s)

    monkeypatch.setattr(Children, "run", counted)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: client.get(PAGE), range(3)))
    wanted = report(carms_lake_of_six, "en").html().encode()
    assert [one.status for one in found] == [200] * 3
    assert {one.body for one in found} == {wanted}
    assert len(started) == 1
    again = client.get(PAGE, if_none_match=found[0].headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_tables_come_in_french_and_as_a_workbook(client: Client, carms_lake_of_six: Lake) -> None:
    found = client.get("/api/v1/reports/lake.md?lang=fr")
    assert found.headers["content-disposition"] == 'attachment; filename="carms-report.md"'
    assert found.body.decode() == report(carms_lake_of_six, "fr").markdown()
    book = CalamineWorkbook.from_filelike(BytesIO(client.get("/api/v1/reports/lake.xlsx").body))
    assert "Tables and columns" in book.sheet_names
    assert client.get("/api/v1/reports/lake.md?lang=de").status == 400


def test_the_next_published_file_has_a_report_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `tiny`, so that it is any domain's report; the process that makes it finds the package so.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    laid(tmp_path)
    lake = Lake(load_config(project=tmp_path))
    lake.run()
    with serving(lake) as client:
        first = client.get("/api/v1/reports/lake.md")
        put(lake.config, "sales/day_2.csv", SALES.replace("\ns", "\nt"))
        lake.run()
        sales = "/api/v1/tables/fact_sale"
        client.until(sales, lambda reply: reply.json["total"] == 4)
        second = client.get("/api/v1/reports/lake.md", if_none_match=first.headers["etag"])
    assert (first.status, second.status) == (200, 200)
    assert first.body != second.body


def test_a_report_that_cannot_be_made_is_an_error_that_says_what_to_run(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.serve.written.MOST_S", 0.01)
    found = client.get("/api/v1/reports/lake.html?lang=fr")
    assert found.status == 503
    assert "`carms report --lang=fr" in found.json["detail"]
