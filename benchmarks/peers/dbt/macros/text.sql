{# Text with white space folded; null where it is a program's word for nothing. #}
{% macro worded(column) -%}
    nullif(nullif(nullif(nullif(
        trim(regexp_replace({{ column }}, '\s+', ' ', 'g')), ''), 'None'), 'N/A'), 'NULL')
{%- endmacro %}

{% macro impossible_place() -%}
    coalesce(latitude not between -90 and 90 or longitude not between -180 and 180, false)
{%- endmacro %}
