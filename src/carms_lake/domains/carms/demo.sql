-- $ carms generate carms --seed 7 --iteration 9025

-- How many programs and seats does each province train?
select training_province, count(*) as programs, sum(quota) as seats
from program_profile group by 1 order by seats desc nulls last;

-- Where are the most seats for graduates of medical schools abroad?
select discipline_name, school_name, quota from program_profile
where eligible_img order by quota desc nulls last, program_stream_id limit 5;

-- Which programs interview in January, and in which language may one apply?
select program_name, application_language, first_interview_on from program_profile
where month(first_interview_on) = 1 order by first_interview_on, program_stream_id limit 5;

-- The same files arrive again, changed: what did the second delivery bring?
-- $ carms generate carms --seed 7 --iteration 9025 --delivery 2
-- $ carms run -f table
-- $ carms programs compare 9025 -f table

-- The next match arrives: what changed? What people read holds the newest, so no sum is doubled.
-- $ carms generate carms --seed 7 --iteration 9026
-- $ carms run -f table
-- $ carms programs compare 9025 9026 --totals -f table
-- $ carms programs compare 9025 9026 --province NB -f table
select match_iteration_id, is_newest_iteration, count(*) as programs, sum(quota) as seats
from program_profile_all_iterations group by all order by 1;
