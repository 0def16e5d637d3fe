-- Grain: one row per run and source file that it found.
-- Question: what did each file bring, and how long did it take?
select
    file.run_id,
    run.started_at,
    file.table_name,
    file.src_filename as file,
    file.status,
    file.code,
    file.records,
    file.accepted as rows,
    file.rejected as rejects,
    file.seconds,
    file.bytes
from ops.processed_files as file
left join ops.runs as run on run.run_id = file.run_id
