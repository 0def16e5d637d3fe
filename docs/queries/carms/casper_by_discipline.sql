-- Question: in which disciplines does the Casper test count?
-- Answer: one row per discipline with at least one such program; the level is in bridge_program_requirement.
select
    discipline_name,
    count(*) filter (needs_casper) as programs_with_casper,
    count(needs_casper) as programs,
    round(100.0 * count(*) filter (needs_casper) / count(needs_casper), 1) as casper_pct
from program_profile
group by discipline_name
having count(*) filter (needs_casper) > 0
order by programs_with_casper desc, discipline_name
