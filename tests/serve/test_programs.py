"""The routes of the carms domain answer what its functions answer."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.analysis.programs import programs as programs_of

if TYPE_CHECKING:
    from served import Client

    from carms_lake import Lake


def ids(answer: Any) -> list[str]:
    return [row["program_stream_id"] for row in answer["programs"]]


def test_programs_are_filtered_and_counted_with_their_seats(client: Client) -> None:
    found = client.get("/programs?province=ON&limit=1").json
    assert (found["total"], found["seats"], found["count"]) == (2, 7, 1)
    assert found["programs"][0]["training_province"] == "ON"
    assert client.get("/api/v1/programs?province=Ontario").json["total"] == 2


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "province": st.sampled_from(["ON", "Ontario", "BC", "british columbia"]),
        "applicant": st.sampled_from(["CMG", "IMG", "USMG"]),
        "eligibility": st.sampled_from(["CMG", "All"]),
        "language": st.sampled_from(["en", "fr"]),
        "min_seats": st.integers(0, 10),
        "max_seats": st.integers(0, 10),
        "length": st.integers(1, 5),
        "apply_in": st.sampled_from(["en", "fr", "either"]),
        "casper": st.booleans(),
        "site": st.sampled_from(["Toronto", "Ottawa", "Montreal"]),
        "return_of_service": st.sampled_from(["none", "not_mentioned", "required,none"]),
    },
)
SORTS = st.sampled_from([None, "-seats", "seats", "in,-id", "-length_years", "site"])


@given(FILTERS, SORTS)
def test_any_filters_and_any_order_are_those_of_the_command(
    client: Client, carms_lake_of_six: Lake, filters: dict[str, Any], sort: str | None
) -> None:
    asked = {k: str(v).lower() if isinstance(v, bool) else v for k, v in filters.items()}
    query = urlencode({**asked, **({"sort": sort} if sort else {})})
    wanted = programs_of(carms_lake_of_six, filters, sort)
    found = client.get(f"/programs?{query}").json
    assert ids(found) == wanted["program_stream_id"].to_list()
    assert (found["total"], found["seats"]) == (wanted.height, wanted["quota"].sum())


def test_pages_by_cursor_have_every_program_once(client: Client) -> None:
    found, path = [], "/programs?limit=4"
    while path:
        page = client.get(path).json
        found += ids(page)
        path = page["next"] and f"/programs?limit=4&cursor={page['next']}"
    assert sorted(found) == ["1", "2", "3", "4", "5", "6"]
    assert ids(client.get("/programs?limit=2&offset=4").json) == found[4:]
    assert client.get("/programs?cursor=bm9uZQ").status == 404


def test_what_nothing_is_called_is_not_found_and_the_nearest_names_are_said(client: Client) -> None:
    found = client.get("/programs?province=Ontaro")
    assert found.status == 404
    assert found.headers["content-type"] == "application/problem+json"
    assert "Ontario" in found.json["hint"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/programs?provinc=ON", "`province`"),
        ("/programs?limit=0", "1 to 1000"),
        ("/programs?limit=x", "whole number"),
        ("/programs?limit=1&limit=2", "given twice"),
        ("/programs?casper=perhaps", "true"),
        ("/programs?applicant=XMG", "CMG"),
        ("/programs?interviews_from=2025-02-30", "not a day"),
        ("/programs?sort=quotas", "expected form"),
        ("/programs?province=%ff", "UTF-8"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_right(
    client: Client, path: str, said: str
) -> None:
    found = client.get(path)
    assert found.status == 400
    assert said in found.json["detail"] + found.json.get("hint", "")


def test_one_program_has_its_lists(client: Client) -> None:
    found = client.get("/programs/2").json
    assert found["program_site"] == "Toronto"
    assert {"interview_dates", "requirements", "selection_criteria", "sections"} <= found.keys()
    missing = client.get("/programs/999")
    assert missing.status == 404
    assert missing.json["kind"] == "UnknownKey"


def test_disciplines_and_the_map_sum_up_the_programs(client: Client) -> None:
    (discipline,) = client.get("/disciplines").json["disciplines"]
    assert (discipline["discipline_name"], discipline["programs"]) == ("Neurology", 6)
    provinces = client.get("/map/data.json").json["provinces"]
    assert {p["province"]: p["programs"] for p in provinces} == {"BC": 2, "ON": 2, "QC": 1, None: 1}


def test_the_other_routes_answer(client: Client) -> None:
    assert client.get("/api/v1/search?q=neurology").json["total"] == 6
    assert client.get("/api/v1/similar/1?limit=1").status == 200
    facts = client.get("/api/v1/compare?programs=1,2").json["facts"]
    assert {row["program_stream_id"] for row in facts} == {"1", "2"}
    assert client.get("/api/v1/requirements?program=1").json["total"] == 0
    wish = {"kind": "province", "values": ["ON"]}
    ranked = client.ask("POST", "/api/v1/rank", {"wishes": [wish], "limit": 2}).json
    assert {row["program_stream_id"] for row in ranked["programs"]} == {"2", "3"}


def test_a_profile_that_says_what_no_profile_says_is_refused(client: Client) -> None:
    found = client.ask("POST", "/api/v1/rank", {"wish": []})
    assert found.status == 400
    assert "`wishes`" in found.json["hint"]
    assert client.ask("POST", "/api/v1/rank", b"{}", content_type="text/plain").status == 415
    assert client.ask("POST", "/api/v1/rank", b"{", content_type="application/json").status == 400


def test_reports_hold_the_programs_that_fit(client: Client) -> None:
    text = client.get("/api/v1/reports/programs.md?province=ON").body.decode()
    assert "2 programs with 7 seats" in text
    assert "Toronto" in client.get("/api/v1/reports/programs.html").body.decode()
    book = client.get("/api/v1/reports/programs.xlsx?province=ON")
    assert "attachment" in book.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(book.body)).worksheets[0]
    assert sheet.max_row == 3
