-- Question: which disciplines are offered in one place of a province only?
-- Answer: one row per province and discipline with one site; who wants to stay has no second choice.
select
    training_province,
    discipline_name,
    min(school_name) as school_name,
    min(program_site) as program_site,
    count(*) as streams,
    sum(quota) as seats
from program_profile
where training_province is not null
group by training_province, discipline_name
having count(distinct (school_code, program_site)) = 1
order by training_province, discipline_name
