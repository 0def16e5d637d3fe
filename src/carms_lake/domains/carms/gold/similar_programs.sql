-- Grain: one row per other program of the same iteration.
-- Question: which programs are like this one, and why?
with seed as (
    select *
    from gold.program_profile_all_iterations
    where program_stream_id = of_program
        and (match_iteration_id = in_iteration or (in_iteration is null and is_newest_iteration))
),
compared as (
    select
        theirs.match_iteration_id,
        theirs.program_stream_id,
        list_cosine_similarity(
            list(coalesce(ours.z_score, 0) order by theirs.feature),
            list(coalesce(theirs.z_score, 0) order by theirs.feature)
        ) as cosine,
        list(theirs.feature_name order by least(ours.z_score, theirs.z_score) desc, theirs.feature)
            filter (where theirs.feature <> 'seats' and least(ours.z_score, theirs.z_score) >= 0.5)
            as both_speak_of
    from seed
    join gold.program_feature as ours
        on ours.match_iteration_id = seed.match_iteration_id
        and ours.program_stream_id = seed.program_stream_id
    join gold.program_feature as theirs
        on theirs.match_iteration_id = ours.match_iteration_id
        and theirs.feature = ours.feature
    group by theirs.match_iteration_id, theirs.program_stream_id
),
pair as (
    select
        other.match_iteration_id,
        other.program_stream_id,
        other.program_name,
        other.discipline_id = seed.discipline_id and other.school_code = seed.school_code as is_same_program,
        other.discipline_id = seed.discipline_id as is_same_discipline,
        other.discipline_group = seed.discipline_group as is_same_group,
        coalesce(other.document_language = seed.document_language, false) as is_same_language,
        coalesce(other.eligibility = seed.eligibility, false) as is_same_eligibility,
        -- Not a number where a program is average in everything.
        case when compared.cosine between -1.5 and 1.5 then round(compared.cosine, 6) else 0 end
            as feature_similarity,
        compared.both_speak_of,
        other.discipline_group,
        other.document_language,
        other.eligibility,
        seed.quota as our_seats,
        other.quota as their_seats
    from seed
    join gold.program_profile_all_iterations as other
        on other.match_iteration_id = seed.match_iteration_id
        and other.program_stream_id <> seed.program_stream_id
    join compared
        on compared.match_iteration_id = other.match_iteration_id
        and compared.program_stream_id = other.program_stream_id
)
select
    match_iteration_id,
    program_stream_id,
    program_name,
    round(
        2 * is_same_discipline::integer
        + 0.7 * is_same_group::integer
        + 0.4 * is_same_language::integer
        + 0.15 * is_same_eligibility::integer
        + 0.8 * feature_similarity,
        4
    )::double as score,
    array_to_string([
        case
            when is_same_discipline then 'same discipline'
            when is_same_group then 'same group of disciplines (' || discipline_group || ')'
        end,
        case when is_same_language and document_language = 'fr' then 'both described in French' end,
        case when is_same_eligibility then 'both for ' || replace(eligibility, 'All', 'all applicants') end,
        'both speak much of ' || nullif(array_to_string(both_speak_of[1:3], ', '), ''),
        case
            when our_seats = 1 and their_seats = 1 then '1 seat each'
            when our_seats = their_seats then our_seats || ' seats each'
            else our_seats || ' and ' || their_seats || ' seats'
        end
    ], '; ') as reasons,
    is_same_program,
    is_same_discipline,
    is_same_group,
    is_same_language,
    is_same_eligibility,
    feature_similarity
from pair
order by is_same_program, score desc, program_stream_id
