-- How many programs and seats does each province train?
select training_province, count(*) as programs, sum(quota) as seats
from program_profile group by 1 order by seats desc nulls last;

-- Where are the most seats for graduates of medical schools abroad?
select discipline_name, school_name, quota from program_profile
where eligible_img order by quota desc nulls last, program_stream_id limit 5;

-- Which programs interview in January, and in which language may one apply?
select program_name, application_language, first_interview_on from program_profile
where month(first_interview_on) = 1 order by first_interview_on, program_stream_id limit 5;
