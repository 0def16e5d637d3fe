-- Question: in which language may one apply, and where?
-- Answer: one row per province; `either` is English or French, as the applicant chooses.
select
    training_province,
    count(*) filter (application_language = 'en') as english,
    count(*) filter (application_language = 'fr') as french,
    count(*) filter (application_language = 'either') as either_language,
    count(*) filter (application_language is null) as not_stated
from program_profile
group by training_province
order by count(*) desc, training_province
