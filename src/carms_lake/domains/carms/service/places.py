"""`/map/data.json`: what a map of the match needs, a province of training each."""

from __future__ import annotations

from carms_lake.domains.carms.analysis.known import ensure_iterations, gold_of_this_version
from carms_lake.domains.carms.service.programs import ITERATION
from carms_lake.serve.routes import Asked, Route

_PROVINCES = """
select
    program.training_province as province,
    count(*) as programs,
    sum(program.quota)::bigint as seats,
    count(distinct program.school_code) as schools,
    count(distinct program.discipline_id) as disciplines,
    list(distinct program.program_site order by program.program_site) as sites
from program_profile_all_iterations as program
where program.match_iteration_id = $iteration
    or ($iteration is null and program.is_newest_iteration)
group by program.training_province
order by program.training_province nulls last
"""

_MAP = {
    "type": "object",
    "required": ["provinces"],
    "properties": {
        "provinces": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["province", "programs", "seats", "schools", "disciplines", "sites"],
                "properties": {
                    "province": {
                        "type": ["string", "null"],
                        "description": "The code, as ON; null where it is not known.",
                    },
                    "programs": {"type": "integer"},
                    "seats": {"type": ["integer", "null"]},
                    "schools": {"type": "integer"},
                    "disciplines": {"type": "integer"},
                    "sites": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}


def _map(asked: Asked) -> object:
    iteration = asked.values.get("iteration")
    if iteration is not None:
        ensure_iterations(asked.lake, iteration)
    with gold_of_this_version():
        columns, rows = asked.lake.rows(_PROVINCES, {"iteration": iteration})
    return {"provinces": [dict(zip(columns, row, strict=True)) for row in rows]}


ROUTES = (
    Route("/map/data.json", _map, "Programs and seats by province of training", _MAP, (ITERATION,)),
)
