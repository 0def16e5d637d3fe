"""French pages are French: what is not, is marked as what it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from html_page import Page
from served import serving

from carms_lake.domains.carms.service.pages import WORDS
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake import Lake

SIGN = "\u00b6"
KNOWN = {"JSON", "Excel", "carms", "rural"}
"""Names that are the same in both languages."""


@pytest.mark.parametrize("shipped_lake", ["carms"], indirect=True)
def test_no_word_of_a_french_page_comes_from_anywhere_but_the_dictionary(
    shipped_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word that is looked up becomes a sign: what is left are names in French, and figures."""

    def sign(_: Words, key: str, **values: Any) -> str:
        del key
        return SIGN + "".join(str(one) for one in values.values()) + SIGN

    monkeypatch.setattr(Words, "__call__", sign)
    names = shipped_lake.query("select name from other_name where language = 'fr'")["name"]
    known = sorted(map(str, names.to_list()), key=len, reverse=True)
    ids = shipped_lake.query("select program_stream_id from program_profile order by 1")
    one, two = ids["program_stream_id"].to_list()[:2]
    paths = (
        "/fr", "/fr/programs?casper=true&q=rural", "/fr/programs?return_of_service=none,required",
        f"/fr/programs/{one}", f"/fr/compare?programs={one},{two}", "/fr/tables", "/fr/api",
        "/fr/rank?applicant=IMG&wish1=province%3DON&wish2=theme%3Drural&wish3=low_contestedness%3Dtrue",
        "/fr/tables/program_profile?limit=2",
    )  # fmt: skip
    with serving(shipped_lake) as client:
        for path in paths:
            found = client.get(path, accept="text/html")
            assert found.status == 200, path
            left = set()
            for said in Page(found.body.decode()).in_language():
                text = said
                for name in known:
                    text = text.replace(name, "")
                left |= set(re.findall(r"[^\W\d_]+", text))
            assert left <= KNOWN, path


@pytest.mark.parametrize("shipped_lake", ["carms"], indirect=True)
def test_every_code_of_the_data_has_words(shipped_lake: Lake) -> None:
    codes = {
        "req": "select distinct requirement_code from bridge_program_requirement "
        "join dim_requirement using (requirement_key)",
        "component": "select distinct component_code from dim_selection_criterion "
        "where selection_criterion_key <> -1",
        "group": "select distinct discipline_group from program_profile",
        "accreditation": "select distinct accreditation_status from program_profile "
        "where accreditation_status is not null",
        "eligibility": "select distinct eligibility from program_profile",
    }
    for group, sql in codes.items():
        found = [f"{group}.{code}" for (code,) in shipped_lake.query(sql).rows()]
        assert found
        assert [one for one in found if one not in WORDS] == []
