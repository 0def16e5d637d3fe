-- Which programs are like this one, and why? As the macro of gold, whose comments say why.
create or replace function gold.similar_programs(of_program text, in_iteration text default null)
returns table (
    match_iteration_id text, program_stream_id text, program_name text, score double precision, reasons text,
    is_same_program boolean, is_same_discipline boolean, is_same_group boolean, is_same_language boolean,
    is_same_eligibility boolean, feature_similarity double precision
)
language sql stable parallel safe as $$
with seed as (
    select *
    from gold.program_profile_all_iterations as profile
    where profile.program_stream_id = of_program
        and (
            profile.match_iteration_id = in_iteration
            or (in_iteration is null and profile.is_newest_iteration)
        )
),
compared as (
    select
        theirs.match_iteration_id,
        theirs.program_stream_id,
        sum(coalesce(ours.z_score, 0) * coalesce(theirs.z_score, 0))
            / nullif(
                sqrt(sum(coalesce(ours.z_score, 0) ^ 2)) * sqrt(sum(coalesce(theirs.z_score, 0) ^ 2)), 0
            ) as cosine,
        array_agg(
            theirs.feature_name order by least(ours.z_score, theirs.z_score) desc, theirs.feature collate "C"
        ) filter (where theirs.feature <> 'seats' and least(ours.z_score, theirs.z_score) >= 0.5)
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
        coalesce(round(compared.cosine::numeric, 6), 0)::double precision as feature_similarity,
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
),
scored as (
    select
        *,
        round((
            2 * is_same_discipline::integer
            + 0.7 * is_same_group::integer
            + 0.4 * is_same_language::integer
            + 0.15 * is_same_eligibility::integer
            + 0.8 * feature_similarity
        )::numeric, 4)::double precision as points
    from pair
)
select
    scored.match_iteration_id,
    scored.program_stream_id,
    scored.program_name,
    scored.points,
    array_to_string(array[
        case
            when scored.is_same_discipline then 'same discipline'
            when scored.is_same_group then 'same group of disciplines (' || discipline_group || ')'
        end,
        case when scored.is_same_language and document_language = 'fr' then 'both described in French' end,
        case when scored.is_same_eligibility then 'both for ' || replace(eligibility, 'All', 'all applicants') end,
        'both speak much of ' || nullif(array_to_string(both_speak_of[1:3], ', '), ''),
        case
            when our_seats = 1 and their_seats = 1 then '1 seat each'
            when our_seats = their_seats then our_seats || ' seats each'
            else our_seats || ' and ' || their_seats || ' seats'
        end
    ], '; '),
    scored.is_same_program,
    scored.is_same_discipline,
    scored.is_same_group,
    scored.is_same_language,
    scored.is_same_eligibility,
    scored.feature_similarity
from scored
order by scored.is_same_program, scored.points desc, scored.program_stream_id collate "C"
$$
