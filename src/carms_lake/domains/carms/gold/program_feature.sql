-- Grain: one row per match iteration, current program of it that is not deleted, and feature.
-- Question: by what does a program differ from the others of its iteration, besides its discipline?
with program as (
    select program_key, match_iteration_id, is_newest_iteration, program_stream_id, quota
    from gold.fact_program
    where is_current
        and not is_deleted
),
theme as (
    select distinct theme, theme_name
    from silver.program_theme
),
stated as (
    select
        program.program_key,
        theme.theme as feature,
        theme.theme_name as feature_name,
        program.match_iteration_id,
        program.is_newest_iteration,
        program.program_stream_id,
        said.hits,
        said.character_count,
        said.words,
        said.hits * 10000 / nullif(said.character_count, 0)::double as amount
    from program
    cross join theme
    left join silver.program_theme as said
        on said.match_iteration_id = program.match_iteration_id
        and said.program_stream_id = program.program_stream_id
        and said.theme = theme.theme
    union all
    select
        program_key,
        'seats' as feature,
        'seats' as feature_name,
        match_iteration_id,
        is_newest_iteration,
        program_stream_id,
        null::integer as hits,
        null::integer as character_count,
        null::varchar as words,
        quota::double as amount
    from program
),
spread as (
    select
        match_iteration_id,
        feature,
        avg(ln(1 + amount)) as mean_amount,
        stddev_pop(ln(1 + amount)) as deviation
    from stated
    group by match_iteration_id, feature
)
select
    stated.program_key,
    stated.feature,
    stated.feature_name,
    stated.match_iteration_id,
    stated.is_newest_iteration,
    stated.program_stream_id,
    stated.hits,
    stated.character_count,
    stated.words,
    stated.amount,
    -- Rounded, because the last digits of a mean depend on the order of its rows.
    round((ln(1 + stated.amount) - spread.mean_amount) / nullif(spread.deviation, 0), 6) as z_score
from stated
join spread on spread.match_iteration_id = stated.match_iteration_id and spread.feature = stated.feature
order by stated.match_iteration_id, stated.program_stream_id, stated.feature
