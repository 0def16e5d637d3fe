"""Kept simulations of the match, each with its bands."""

from __future__ import annotations

from carms_lake.report.pages import Both, Chart, Column, Page, Table

_NEWEST = """newest as (
    select *, right(run_id, 6) as short
    from match.run
    order by run_id desc
    limit 8
)"""

_RUNS = f"""
with {_NEWEST}
select short, ingestion_ts, name, settings, match_iteration_id, repetitions, seed, demand_file
from newest
order by run_id desc
"""  # noqa: S608 - a statement of this module

_UNFILLED = f"""
with {_NEWEST}
select
    short || case
        when side = 'base' then if($lang = 'fr', ' : base', ': base')
        when name is not null then if($lang = 'fr', ' : ', ': ') || name
        else if($lang = 'fr', ' : scénario', ': scenario')
    end as side_of_run,
    round(low, 1) as low,
    round(mean, 1) as mean,
    round(high, 1) as high
from (
    select
        newest.run_id, newest.short, newest.name,
        unnest(['base', 'scenario']) as side,
        unnest([base_low, scenario_low]) as low,
        unnest([base, result.scenario]) as mean,
        unnest([base_high, scenario_high]) as high
    from newest
    join match.result as result on result.run_id = newest.run_id
    where result.level = 'all' and result.measure = 'unfilled'
)
order by run_id desc, side
"""  # noqa: S608 - a statement of this module

_DIFFERENCES = f"""
with {_NEWEST}
select
    short,
    result.name,
    result.measure,
    round(scale * result.base, 1) as base,
    round(scale * result.scenario, 1) as scenario,
    round(scale * result.difference, 1) as difference,
    round(scale * result.difference_low, 1) as difference_low,
    round(scale * result.difference_high, 1) as difference_high,
    round(scale * result.difference_error, 2) as difference_error
from newest
join match.result as result on result.run_id = newest.run_id
cross join lateral (select case when measure = 'unfilled' then 1 else 100 end as scale)
where newest.run_id in (select run_id from newest order by run_id desc limit 3)
    and (
        result.measure = 'unfilled' and result.level = 'all'
        or result.measure in ('match_rate', 'first_program', 'first_discipline')
        and result.level = 'applicants'
    )
order by newest.run_id desc, result.level, result.name, result.measure
"""  # noqa: S608 - a statement of this module

_MEASURES = {
    "unfilled": Both("unfilled seats", "postes non pourvus"),
    "match_rate": Both("% matched", "% jumelés"),
    "first_program": Both("% with first program", "% avec leur premier programme"),
    "first_discipline": Both("% with first discipline", "% avec leur première discipline"),
}  # fmt: skip
_RUN = Column("short", Both("Run", "Exécution"), kind="id", lang="zxx")
_UNIT = Both("unfilled seats", "postes non pourvus")

PAGE = Page(
    "match",
    Both("Simulations", "Simulations"),
    (
        Table(
            "runs",
            Both("Kept simulations", "Simulations conservées"),
            _RUNS,
            (
                _RUN,
                Column("ingestion_ts", Both("Kept", "Conservée")),
                Column("name", Both("Name", "Nom"), lang="zxx"),
                Column("settings", Both("What it changes", "Ce qu’elle change"), lang="en"),
                Column("match_iteration_id", Both("Match", "Jumelage"), kind="id"),
                Column("repetitions", Both("Repetitions", "Répétitions")),
                Column("seed", Both("Seed", "Graine"), kind="id"),
                Column("demand_file", Both("Demand", "Demande"), lang="zxx"),
            ),
            note=Both(
                "The newest eight. The command carms match simulate, with a change such as "
                "--shift BC=+10%, makes and keeps one; without --demand its demand is invented.",
                "Les huit plus récentes. La commande carms match simulate, avec un changement "
                "comme --shift BC=+10%, en fait une et la conserve ; sans --demand, la demande est "
                "inventée.",
            ),
        ),
        Chart(
            "unfilled",
            Both("Unfilled seats, base and scenario", "Postes non pourvus, base et scénario"),
            _UNFILLED,
            (
                Column("side_of_run", Both("Run", "Exécution")),
                Column("low", Both("Lower", "Borne inférieure"), unit=_UNIT),
                Column("mean", Both("Mean", "Moyenne"), unit=_UNIT),
                Column("high", Both("Upper", "Borne supérieure"), unit=_UNIT),
            ),
            "ranges",
            "side_of_run",
            ("low", "high"),
            note=Both(
                "90 % of the repetitions are between the ends of a bar. Bands are of the draws, "
                "not of the model.",
                "90 % des répétitions se trouvent entre les bouts d’une barre. Les bandes viennent "
                "des tirages, non du modèle.",
            ),
        ),
        Table(
            "differences",
            Both("What the newest scenarios change", "Ce que changent les derniers scénarios"),
            _DIFFERENCES,
            (
                _RUN,
                Column(
                    "name",
                    Both("Kind", "Catégorie"),
                    codes={"all": Both("all", "tous")},
                ),
                Column("measure", Both("Measure", "Mesure"), codes=_MEASURES),
                Column("base", Both("Base", "Base")),
                Column("scenario", Both("Scenario", "Scénario")),
                Column("difference", Both("Difference", "Différence")),
                Column("difference_low", Both("Lower", "Borne inférieure")),
                Column("difference_high", Both("Upper", "Borne supérieure")),
                Column("difference_error", Both("Monte Carlo error", "Erreur de Monte-Carlo")),
            ),
        ),
    ),
    lead=Both(
        "What would follow if demand were as in a scenario: no forecast, and nothing about a "
        "person.",
        "Ce qui s’ensuivrait si la demande était celle d’un scénario : ni prévision, ni rien sur "
        "une personne.",
    ),
)
