"""When programs interview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from carms_lake.domains.carms.report.shared import DISCIPLINE, NAMES, PROGRAMS
from carms_lake.report.cells import heat_class
from carms_lake.report.markup import Markup, h
from carms_lake.report.pages import Both, Column, Drawing, Page, Pen, Row, Table

_OFFERED = "program.is_newest_iteration and program.is_current and not program.is_deleted"

_DAYS = f"""
select
    interview.interview_on,
    count(distinct interview.program_stream_id) as programs,
    count(distinct program.discipline_key) as disciplines
from fact_interview_date as interview
join fact_program as program using (program_key)
where {_OFFERED}
group by interview.interview_on
order by interview.interview_on
"""  # noqa: S608 - a condition of this module

_DISCIPLINES = f"""
with {NAMES},
days as (
    select program.discipline_key, interview.interview_on, interview.program_stream_id
    from fact_interview_date as interview
    join fact_program as program using (program_key)
    where {_OFFERED}
),
busy as (
    select discipline_key, interview_on, count(distinct program_stream_id) as programs
    from days
    group by discipline_key, interview_on
)
select
    coalesce(french.name, any_value(discipline_name)) as discipline,
    count(distinct program_stream_id) as programs,
    min(days.interview_on) as first_day,
    max(days.interview_on) as last_day,
    count(distinct days.interview_on) as days,
    any_value((
        select min(busy.interview_on order by busy.programs desc, busy.interview_on)
        from busy
        where busy.discipline_key = days.discipline_key
            and busy.programs = (
                select max(most.programs)
                from busy as most
                where most.discipline_key = days.discipline_key
            )
    )) as busiest_day
from days
join dim_discipline using (discipline_key)
left join french on french.kind = 'discipline' and french.code = discipline_id
group by discipline_key, french.name
order by first_day, strip_accents(discipline)
"""  # noqa: S608 - a condition of this module

_WEEKDAYS = (
    Both("Monday", "lundi"),
    Both("Tuesday", "mardi"),
    Both("Wednesday", "mercredi"),
    Both("Thursday", "jeudi"),
    Both("Friday", "vendredi"),
    Both("Saturday", "samedi"),
    Both("Sunday", "dimanche"),
)
_WEEK = Both("Week of", "Semaine du")


def _drawn(rows: Sequence[Row], pen: Pen) -> Markup:
    """A line for each week, a cell for each day."""
    words = pen.words
    if not rows:
        return h("p", words("none"), cls="none")
    largest = max(row["programs"] for row in rows)
    head = h(
        "tr",
        h("th", words.of(_WEEK), scope="col"),
        [h("th", words.of(day), scope="col", cls="n") for day in _WEEKDAYS],
    )
    lines = []
    for monday, of_week in groupby(rows, key=lambda row: _monday(row["interview_on"])):
        counted = {row["interview_on"].weekday(): row["programs"] for row in of_week}
        cells = [
            h(
                "td",
                words.number(counted[day]) if day in counted else None,
                cls=f"n {heat_class(counted.get(day, 0), largest)}".strip(),
            )
            for day in range(len(_WEEKDAYS))
        ]
        lines.append(h("tr", h("th", words.day(monday), scope="row"), cells))
    return h(
        "div",
        h("table", h("thead", head), h("tbody", lines)),
        cls="scroll",
        tabindex=0,
        role="region",
        aria_label=words.of(_TITLE),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


_TITLE = Both("Programs that interview, by day", "Programmes qui tiennent des entrevues, par jour")

PAGE = Page(
    "interviews",
    Both("Interviews", "Entrevues"),
    (
        Drawing(
            "days",
            _TITLE,
            _DAYS,
            (
                Column("interview_on", Both("Day", "Jour")),
                PROGRAMS,
                Column("disciplines", Both("Disciplines", "Disciplines")),
            ),
            _drawn,
            note=Both(
                "A program that interviews on several days counts on each; the stronger the "
                "colour, the more.",
                "Un programme qui tient des entrevues plusieurs jours compte chaque jour ; plus "
                "la couleur est forte, plus il y en a.",
            ),
        ),
        Table(
            "disciplines",
            Both("Interviews by discipline", "Entrevues par discipline"),
            _DISCIPLINES,
            (
                DISCIPLINE,
                PROGRAMS,
                Column("first_day", Both("First day", "Premier jour")),
                Column("last_day", Both("Last day", "Dernier jour")),
                Column("days", Both("Days", "Jours")),
                Column("busiest_day", Both("Day with most programs", "Jour le plus chargé")),
            ),
            note=Both(
                "Programs that print their dates; a date that is only in prose is not among them.",
                "Programmes qui publient leurs dates ; une date seulement donnée en prose n’y "
                "figure pas.",
            ),
        ),
    ),
)
