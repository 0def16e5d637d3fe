-- Question: how many programs and seats does each province train?
-- Answer: one row per province of training, of the newest match; a site outside of the school's province counts where it is.
select
    training_province,
    count(*) as programs,
    count(distinct school_code) as schools,
    sum(quota) as seats,
    round(100.0 * sum(quota) / sum(sum(quota)) over (), 1) as seats_pct
from program_profile
group by training_province
order by seats desc nulls last, training_province
