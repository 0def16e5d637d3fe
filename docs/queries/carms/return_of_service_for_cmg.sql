-- Question: which programs oblige graduates of Canadian schools to serve, and in whose words?
-- Answer: one row per program, with the sentence it was read from, or the name of the stream where that says it.
select
    program_stream_id,
    discipline_name,
    school_name,
    program_site,
    quota,
    return_of_service_cmg_text as read_from
from program_profile
where return_of_service_cmg = 'required'
order by discipline_name, school_name, program_site, program_stream_id
