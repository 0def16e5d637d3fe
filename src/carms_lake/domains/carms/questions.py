"""What the commands of the domain ask, in SQL over gold."""

from __future__ import annotations

DISCIPLINES = """
select
    discipline_id,
    discipline_name,
    discipline_group,
    count(*) as programs,
    count(distinct school_code) as schools,
    sum(quota)::bigint as seats
from programs_matching(in_iteration := $iteration)
group by discipline_id, discipline_name, discipline_group
order by discipline_name, discipline_id
"""
"""The disciplines of an iteration."""
