"""Days of interviews: the list of the form, and the program's own words."""

from __future__ import annotations

import pytest

from carms_lake.domains.carms.documents.interviews import interview_dates

END = "Notification/Invitation: Offers are sent on January 3, 2031."


def days(text: str, year: int | None = 2031) -> list[str]:
    return [day.strftime("%m-%d") for day in interview_dates(text, year)]


def described(text: str) -> list[str]:
    return days(f"Details regarding interview dates: {text}\n\n{END}\n\nJanuary 5, 2031\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dates:\n\n  * January 21, 2031\n  * January 20, 2031\n  * January 20, 2031\n\nDetails: x",
         ["01-20", "01-21"]),
        ("Dates:\n\nDetails\n\n  * January 20, 2031", []),
        ("Interviews are on January 20, 2031.", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_list_of_the_form_holds_interview_dates(text: str, expected: list[str]) -> None:
    assert days(text) == expected


def test_where_the_form_has_a_list_no_other_words_are_read() -> None:
    form = "Dates:\n\n  * January 21, 2031\n\nDetails regarding interview dates: "
    assert days(f"{form}Interviews will be held on January 22, 2031.\n") == ["01-21"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Saturday, February 8, 2031", ["02-08"]),
        ("January 31 2031", ["01-31"]),
        ("Interviews will take place on January 26th, 2031", ["01-26"]),
        ("Interviews will be held Monday, January 27 via Zoom", ["01-27"]),
        ("Held virtually on January 21, 23 and 30th, 2031.", ["01-21", "01-23", "01-30"]),
        ("The fair is on February 8 & 9, 2031.", ["02-08", "02-09"]),
        ("January 29-31, 2031; from 8am-12pm", ["01-29", "01-30", "01-31"]),
        ("January 30-February 1, 2031", ["01-30", "01-31", "02-01"]),
        ("Tuesday, January 21, 2031 from 07:00 - 16:30", ["01-21"]),
        ("Interviews are conducted by two people on January 21, 2031.", ["01-21"]),
        ("Interviews are on January 21, 9 am to 12 pm.", ["01-21"]),
        ("Les entrevues seront du 29 au 31 janvier.", ["01-29", "01-30", "01-31"]),
        ("L’entrevue aura lieu le 1er février 2031**.**", ["02-01"]),
        ("Entrevues : 22, 23 et 28 janvier 2031", ["01-22", "01-23", "01-28"]),
        ("Our Dates:\n\n  * Janurary 22, 2031\n  * Jan. 24, 2031", ["01-22", "01-24"]),
    ],
)
def test_days_are_read_as_people_write_them(text: str, expected: list[str]) -> None:
    assert described(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Offers to interview will be sent on January 10, 2031.",
        "Interviews will be conducted prior to February 10, 2031.",
        "There is a resident Meet & Greet for interviewees on February 3, 2031.",
        "Vous recevrez un courriel sur l'entrevue dans la semaine du 14 janvier 2031.",
        "A virtual social event will be held on February 6, 2031.",
        "We hold information sessions on these dates:\n\n**Saturday, January 11, 2031**\n",
        "Les candidats seront avisés de l'entrevue le 9 janvier 2031.",
        "They are held in the national interview period, January 18 to February 9, 2031.",
        "They will be held January 18 - February 9, 2031.",
        "Interviews took place on January 26, 2030.",
        "The interviews are in January 2031.",
        "Interviews are on February 30, 2031.",
        "TBD",
    ],
)
def test_days_of_something_else_are_none_of_interviews(text: str) -> None:
    assert described(text) == []


def test_a_line_gives_its_subject_to_the_days_below_it() -> None:
    text = (
        "Invitations go out on the same date:\n\nJanuary 10, 2031 - everywhere\n\n"
        "Interviews will be held on the following dates:\n\nMonday, January 20, 2031\n\n"
        "Tuesday, January 21, 2031\n\nThe social event is earlier.\n\nJanuary 15, 2031\n"
    )
    assert described(text) == ["01-20", "01-21"]


def test_a_text_of_nothing_but_days_takes_no_longer_than_its_length() -> None:
    assert described("January 1 - " * 100_000) == ["01-01"]


def test_without_the_year_of_the_match_a_day_needs_its_own() -> None:
    text = "Details regarding interview dates: Interviews on January 20. And on May 2, 2029.\n"
    assert days(text, None) == ["05-02"]
