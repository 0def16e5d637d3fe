{# A list of one reason, as carms writes it. #}
{% macro reason(code, column, rule) -%}
    [{'code': '{{ code }}', 'column': '{{ column }}', 'rule': '{{ rule }}'}]
{%- endmacro %}
