-- Question: which programs write of rural training in their own words, and how often?
-- Answer: programs by how often "rural" or "région" occurs in their description of themselves, for each 10,000 characters.
with counted as (
    select
        program_stream_id,
        sum(len(regexp_extract_all(lower(content), '\brural|\brégions?\b|\bremote'))) as mentions,
        sum(character_count) as characters
    from program_section
    where section_code in ('program_highlights', 'program_curriculum', 'training_sites', 'additional_information')
    group by program_stream_id
)
select
    profile.program_stream_id,
    profile.discipline_name,
    profile.school_name,
    profile.program_site,
    counted.mentions,
    round(10000.0 * counted.mentions / counted.characters, 1) as per_10000_characters
from counted
join program_profile as profile using (program_stream_id)
where counted.mentions > 0
order by counted.mentions / counted.characters desc, profile.program_stream_id
limit 50
