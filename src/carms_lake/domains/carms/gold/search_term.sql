-- Grain: one row per term.
-- Question: which words are there to look for, and how common is each?
select term, count(*)::integer as texts
from gold.search_posting
group by term
order by term
