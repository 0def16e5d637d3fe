-- Question: how many letters of reference are asked for?
-- Answer: one row per number; null means that the description says no number.
select
    reference_letters,
    count(*) as programs,
    count(*) filter (document_language = 'en') as english,
    count(*) filter (document_language = 'fr') as french
from program_profile
group by reference_letters
order by programs desc, reference_letters
