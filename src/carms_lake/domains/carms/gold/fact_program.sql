-- Grain: one row per program stream, match iteration and version.
-- Question: what is known of a program, and since when?
select
    surrogate_key([
        history.match_iteration_id,
        history.program_stream_id,
        strftime(history.valid_from, '%Y-%m-%dT%H:%M:%S.%f')
    ])::bigint as program_key,
    coalesce(iteration.match_iteration_key, -1)::bigint as match_iteration_key,
    coalesce(school.school_key, -1)::bigint as school_key,
    coalesce(discipline.discipline_key, -1)::bigint as discipline_key,
    coalesce(site.training_site_key, -1)::bigint as training_site_key,
    coalesce(stream.stream_key, -1)::bigint as stream_key,
    coalesce(approved.date_key, -1)::integer as approved_date_key,
    history.match_iteration_id,
    coalesce(iteration.is_newest_iteration, false)::boolean as is_newest_iteration,
    history.program_stream_id,
    history.program_name,
    history.program_url,
    history.school_province,
    history.training_province,
    history.quota,
    history.accreditation_status,
    history.approved_on,
    history.document_language,
    history.application_language,
    history.length_years,
    history.reference_letters,
    history.applications_min || coalesce('-' || history.applications_max, '+') as applications_bucket,
    history.applications_min,
    history.applications_max,
    history.interviewed_pct_min || coalesce('-' || history.interviewed_pct_max, '+') as interviewed_pct_bucket,
    history.interviewed_pct_min,
    history.interviewed_pct_max,
    history.eligible_cmg,
    history.eligible_img,
    history.eligible_usmg,
    history.return_of_service_cmg,
    history.return_of_service_cmg_text,
    history.return_of_service_img,
    history.return_of_service_img_text,
    history.has_return_of_service,
    history.valid_from::timestamp as valid_from,
    history.valid_to::timestamp as valid_to,
    history.is_current,
    history.is_deleted,
    history.deleted_on,
    (min(history.valid_from) over (
        partition by history.match_iteration_id, history.program_stream_id
    ))::timestamp as created_at,
    coalesce(history.valid_to, history.valid_from)::timestamp as updated_at
from silver.program_history as history
left join gold.dim_match_iteration as iteration on iteration.match_iteration_id = history.match_iteration_id
left join gold.dim_school as school on school.school_code = history.school_code
left join gold.dim_discipline as discipline on discipline.discipline_id = history.discipline_id
left join gold.dim_training_site as site
    on site.school_code = history.school_code
    and site.program_site = history.program_site
left join gold.dim_stream as stream on stream.program_stream = history.program_stream
left join gold.dim_date as approved on approved.calendar_on = history.approved_on
order by history.match_iteration_id, history.program_stream_id, history.valid_from
