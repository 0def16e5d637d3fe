"""The pages for people: their figures are those of the API, in both languages, and text is text."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from domains.carms.gold_lake import version
from html_page import Page
from hypothesis import given
from hypothesis import strategies as st
from served import KEY, Client, publish, serving

from carms_lake import Lake, authored
from carms_lake.domains.carms.analysis import ranking
from carms_lake.domains.carms.analysis.compare import compare
from carms_lake.domains.carms.analysis.programs import programs as programs_of
from carms_lake.errors import ContractError
from carms_lake.serve.keys import Keys
from carms_lake.serve.pages.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "<script>alert('x')</script>\u202e\"&"
SHOWN = "<script>alert('x')</script>\\u202e\"&"


def seen(client: Client, path: str, **headers: str) -> Page:
    """A page whose elements end, whose ids are there once, whose headings go down by one."""
    found = client.get(path, accept="text/html", **headers)
    assert (found.status, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Page(found.body.decode())
    assert len(page.ids()) == len(set(page.ids()))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {"header", "main", "footer", "nav", "title"} <= {tag for tag, _ in page.elements}
    return page


def links(page: Page) -> list[str]:
    return [a["href"] for tag, a in page.elements if tag == "a"]


def said(page: Page) -> str:
    return " ".join(text for text, _ in page.texts)


def listed(page: Page) -> list[str]:
    """The ids of the programs of a list, in order."""
    return [
        a["value"] for tag, a in page.elements if a.get("type") == "checkbox" and tag == "input"
    ]


def heading(page: Page) -> str:
    """The number of programs and seats of a list."""
    return next(t for t, around in page.texts if around[-1][1].get("class") == "total")


def test_the_first_page_is_in_the_language_that_is_asked_for(client: Client) -> None:
    wanted = {
        "": "en",
        "fr-CA,fr;q=0.9,en;q=0.8": "fr",
        "de, fr;q=0.4, en;q=0.5": "en",
        "x;q=y": "en",
    }
    for asked, lang in wanted.items():
        found = client.get("/", accept_language=asked)
        assert found.headers["content-language"] == lang
        assert found.headers["vary"].startswith("accept-language")
        assert f'<html lang="{lang}">'.encode() in found.body
        assert found.body == client.get(f"/{lang}").body
    etags = {client.get("/", accept_language=lang).headers["etag"] for lang in ("en", "fr")}
    assert len(etags) == 2


def test_the_first_page_leads_to_the_programs_of_each_province(client: Client) -> None:
    page = seen(client, "/en")
    assert "6 programs · 20 seats" in said(page)
    for one in client.get("/map/data.json").json["provinces"]:
        if one["province"]:
            assert (
                links(page).count(f"/en/programs?province={one['province']}") == 2
            )  # map and table
            label = f": {one['seats']} seats"
            labels = [a.get("aria-label", "") for tag, a in page.elements if tag == "a"]
            assert any(text.endswith(label) for text in labels) or one["seats"] == 1


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "province": st.sampled_from(["ON", "BC", "QC", "ontario"]),
        "discipline": st.sampled_from(["44", "Neurologie"]),
        "applicant": st.sampled_from(["CMG", "IMG", "USMG"]),
        "eligibility": st.sampled_from(["CMG", "All"]),
        "language": st.sampled_from(["en", "fr"]),
        "min_seats": st.integers(0, 10),
        "length": st.integers(1, 5),
        "apply_in": st.sampled_from(["en", "fr", "either"]),
        "casper": st.booleans(),
        "site": st.sampled_from(["Toronto", "Kelowna"]),
        "return_of_service": st.sampled_from(["none", "not_mentioned"]),
    },
)
SORTS = st.sampled_from([None, "-quota", "quota", "training_province", "length_years"])


@given(FILTERS, SORTS, st.sampled_from(["en", "fr"]))
def test_the_list_is_that_of_the_command(
    client: Client, carms_lake_of_six: Lake, filters: dict[str, Any], sort: str | None, lang: str
) -> None:
    asked = {k: str(v).lower() if isinstance(v, bool) else v for k, v in filters.items()}
    page = seen(
        client, f"/{lang}/programs?{urlencode({**asked, **({'sort': sort} if sort else {})})}"
    )
    wanted = programs_of(carms_lake_of_six, filters, sort)
    assert listed(page) == wanted["program_stream_id"].to_list()
    numbers = [int(one) for one in re.findall(r"\d+", heading(page))]
    assert numbers == [wanted.height, wanted["quota"].sum()]


def test_the_same_list_in_other_languages_keeps_its_place(client: Client) -> None:
    page = seen(client, "/en/programs?province=ON&sort=-quota&limit=1&offset=1")
    (place,) = [a["href"] for _, a in page.elements if a.get("class") == "switch"]
    assert place == "/fr/programs?province=ON&sort=-quota&limit=1&offset=1"
    assert listed(seen(client, place)) == listed(page) == ["3"]


def test_pages_of_a_list_follow_each_other(client: Client) -> None:
    place, found = "/en/programs?limit=4", list[str]()
    while place:
        page = seen(client, place)
        found += listed(page)
        place = next((a["href"] for _, a in page.elements if a.get("rel") == "next"), "")
    assert found == programs_of(client.service.state.lake)["program_stream_id"].to_list()


def test_words_find_programs_whatever_their_accents(client: Client) -> None:
    for words in ("neurologie", "NEUROLOGY", "Montréal neurology"):
        total = client.get(f"/api/v1/search?{urlencode({'q': words})}").json["total"]
        page = seen(client, f"/en/programs?{urlencode({'q': words})}")
        assert len(listed(page)) == total > 0
        assert heading(page).startswith(f"{total} programs")
    assert listed(seen(client, "/en/programs?q=4"))[0] == "4"
    assert "No program fits" in said(seen(client, "/en/programs?q=zzzz"))
    assert listed(seen(client, "/en/programs?q=neurology&province=ON&sort=quota")) == ["3", "2"]


def test_a_form_leads_to_an_address_without_what_is_empty(client: Client) -> None:
    found = client.get("/en/programs?q=&province=ON&discipline=&min_seats=+")
    assert (found.status, found.headers["location"]) == (303, "/en/programs?province=ON")
    found = client.get("/en/compare?programs=1&programs=2&programs=")
    assert found.headers["location"] == "/en/compare?programs=1,2"
    form = (
        "wish1=&weight1=2&wish2=province%3DON&weight2=3&site=&site_weight=1&tests=nac&tests=casper"
    )
    place = client.get(f"/fr/rank?{form}").headers["location"]
    assert place == "/fr/rank?wish1=province%3DON&weight1=3&tests=nac,casper"
    assert client.get(place).status == 200


def test_a_program_says_what_is_known_of_it(client: Client) -> None:
    page = seen(client, "/en/programs/2")
    profile = client.get("/programs/2").json
    text = said(page)
    assert "Neurology, McGill University" in text
    assert f"{profile['applications_min']} to {profile['applications_max']}" in text
    assert profile["program_url"] in links(page)
    assert "/en/programs/3" in links(page)  # another site of the same program
    french = seen(client, "/fr/programs/2")
    assert "Université McGill" in said(french)
    missing = client.get("/fr/programs/999", accept="text/html")
    assert (missing.status, "Page introuvable" in missing.body.decode()) == (404, True)


def test_a_comparison_has_what_differs_first(client: Client, carms_lake_of_six: Lake) -> None:
    found = compare(carms_lake_of_six, ["1", "2", "5"]).to_dicts()
    page = seen(client, "/en/compare?programs=1,2,5")
    labels = [t for t, around in page.texts if around[-1][1].get("scope") == "row"]
    facts = list(dict.fromkeys((one["part"], one["fact"]) for one in found))
    assert len(labels) == len(facts)
    different = {one["fact"] for one in found if one["is_different"]}
    assert {"site", "length", "described_in"} <= different
    first = labels[: len(different)]
    assert {"Site", "Length", "Described in"} <= set(first)
    assert "Discipline" in labels[len(different) :]
    alone = seen(client, "/en/compare?programs=1,nobody")
    assert "There is no program nobody." in said(alone)
    many = seen(client, "/en/compare?programs=1,2,3,4,5,6")
    assert "Only the first five are shown." in said(many)


def test_a_rank_is_that_of_the_command(client: Client, carms_lake_of_six: Lake) -> None:
    query = "applicant=CMG&max_length=5&wish1=province%3DON&weight1=3&wish2=seats%3Dmany"
    page = seen(client, f"/en/rank?{query}")
    wishes = (ranking.Wish("province", ("ON",), 3.0), ranking.Wish("seats", ("many",)))
    asked = ranking.Profile(applicant="CMG", max_length=5, wishes=wishes)
    found = ranking.rank(carms_lake_of_six, asked)
    order = [one.removeprefix("/en/programs/") for one in links(page) if "/programs/" in one]
    assert order == found.programs["program_stream_id"].to_list()
    assert f"{found.programs.height} ranked of {found.considered} programs" in said(page)
    fits = [f"{fit:,.1f}" for fit in found.programs["fit"]]
    shown = [t for t, around in page.texts if around[-1][1].get("data-label") == "Fit"]
    assert shown == fits
    for lang, text in (("en", ranking.NO_CHANCE), ("fr", "ce n’est pas une chance de jumelage")):
        assert text in said(seen(client, f"/{lang}/rank"))


def test_a_profile_that_cannot_be_is_said_on_its_page(client: Client) -> None:
    page = seen(client, "/fr/rank?return_of_service=none")
    assert "Ces réponses ne vont pas ensemble" in said(page)
    assert "Dites qui postule" in said(page)
    page = seen(client, "/en/rank?min_length=5&max_length=2")
    assert "no program can be both" in said(page)
    assert client.get("/en/rank?wish1=nothing%3D1").status == 200


def test_text_of_the_data_and_of_the_address_is_text(tmp_path: Path) -> None:
    more = version(
        "7", program_site=HOSTILE, program_stream=HOSTILE, program_url="javascript:alert(1)"
    )
    lake = publish(tmp_path / "lake", more)
    with serving(lake) as client:
        query = urlencode({"q": HOSTILE, "site": HOSTILE})
        of_programs = ("programs", f"programs?{query}", "programs/7", "compare?programs=1,7")
        others = ("rank?applicant=CMG", "tables/program_profile", f"nowhere?{query}")
        for path in (*of_programs, *others):
            body = client.get(f"/en/{path}", accept="text/html").body.decode()
            page = Page(body)
            assert "script" not in {tag for tag, _ in page.elements}
            assert "\u202e" not in body
            assert "javascript:" not in "".join(links(page))
        assert SHOWN in said(seen(client, "/en/programs/7"))


def test_errors_are_pages_for_browsers_alone(client: Client) -> None:
    for path, status in (("/nowhere", 404), ("/en/programs?limit=x", 400), ("/programs/999", 404)):
        page = client.get(path, accept="text/html,application/xhtml+xml")
        other = client.get(path, accept="application/json")
        assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert (other.status, other.headers["content-type"]) == (status, "application/problem+json")
    french = Page(client.get("/fr/programs?limit=x", accept="text/html").body.decode())
    assert french.elements[0] == ("html", {"lang": "fr"})
    assert "/en/programs?limit=x" in links(french)


def test_a_page_is_sent_as_other_answers_are(client: Client) -> None:
    found = client.get("/en/programs", accept_encoding="gzip")
    assert found.headers["content-encoding"] == "gzip"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    again = client.get("/en/programs", if_none_match=found.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    page = Page(found.body.decode())
    files = [a["href"] for tag, a in page.elements if tag == "link" and a["rel"] != "alternate"]
    for place in files:
        asset = client.get(place)
        assert (asset.status, "immutable" in asset.headers["cache-control"]) == (200, True)
    assert not re.search(rb"\son\w+=|\sstyle=|<script|<style", found.body)


def basic(key: str) -> str:
    return f"Basic {b64encode(f'anybody:{key}'.encode()).decode()}"


def test_a_browser_gives_the_key_as_a_password(carms_lake_of_six: Lake) -> None:
    with serving(carms_lake_of_six, keys=Keys((KEY,))) as client:
        closed = client.get("/")
        assert b"Neurology" not in closed.body
        assert b"needs" not in client.get("/", authorization=basic(KEY)).body
        refused = client.get("/fr/programs", accept="text/html")
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert client.get("/fr/programs", authorization=basic(KEY)).status == 200
        assert client.get("/fr/programs", authorization=basic("wrong")).status == 401
        assert client.get("/fr/programs", authorization="Basic =").status == 401
        # A page elsewhere could have the browser send it along.
        started = client.ask("POST", "/pipeline/run", authorization=basic(KEY))
        assert started.status == 401
        (style,) = re.findall(r'href="(/assets/[^"]+css)"', closed.body.decode())
        assert client.get(style).status == 200


@pytest.fixture(scope="module")
def shipped(shipped_lake: Lake) -> Iterator[Client]:
    """A service of each domain that comes with the tool."""
    with serving(shipped_lake) as client:
        yield client


def test_every_domain_has_its_tables_as_pages(shipped: Client) -> None:
    tables = shipped.get("/api/v1/tables").json["tables"]
    page = seen(shipped, "/fr/tables")
    for one in tables:
        assert f"/fr/tables/{one['name']}" in links(page)
        rows = shipped.get(f"/api/v1/tables/{one['name']}?limit=1").json
        table = seen(shipped, f"/en/tables/{one['name']}?limit=1")
        assert f"{rows['total']:,} row" in said(table)
        private = shipped.service.state.snapshots.current.private
        assert not private & {t for t, around in table.texts if around[-1][0] == "code"}
    assert shipped.get("/", accept_language="fr").status == 200
    assert "openapi.json" in said(seen(shipped, "/en/api"))


def test_the_rows_of_a_table_are_filtered_and_sorted(client: Client) -> None:
    form = "_column=quota&_how=gte&_value=5&training_province=ON"
    place = client.get(f"/en/tables/program_profile?{form}").headers["location"]
    assert place == "/en/tables/program_profile?training_province=ON&quota__gte=5"
    page = seen(client, place)
    assert "1 row" in said(page)
    assert "/en/tables/program_profile?quota__gte=5" in links(page)  # without the other filter
    place = client.get("/en/tables/program_profile?_column=quota&_how=null&_value=").headers[
        "location"
    ]
    assert place.endswith("?quota__null=true")
    assert "1 row" in said(seen(client, place))
    assert client.get("/en/tables/program_profile?quotas=1", accept="text/html").status == 400
    assert client.get("/en/tables/nothing", accept="text/html").status == 404
    sorted_down = seen(client, "/en/tables/program_profile?sort=-quota")
    assert tuple(a["aria-sort"] for _, a in sorted_down.elements if "aria-sort" in a) == (
        "descending",
    )


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"PAGES": ("no page",)}, "is not a page"),
        ({"PAGES": "twice"}, "is there twice"),
        ({"PAGES": "unnamed"}, "lacks `nav.x`"),
    ],
)
def test_wrong_pages_of_a_domain_are_refused(
    monkeypatch: pytest.MonkeyPatch, declared: dict[str, Any], message: str
) -> None:
    from carms_lake.serve.pages.page import Page as Declared

    def draw(_: object) -> Any:
        return None

    pages = {
        "twice": (Declared("/x", draw), Declared("/x", draw)),
        "unnamed": (Declared("/x", draw, label="nav.x"),),
    }
    found = pages.get(str(declared["PAGES"]), declared["PAGES"])
    module = type("service", (), {"PAGES": found})
    monkeypatch.setattr(authored, "load", lambda *_: module)
    with pytest.raises(ContractError, match=message):
        site_of("x", "x", "service", ())
