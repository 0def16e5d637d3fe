{# What carms gives its gold SELECTs; the masking key is any 64 bytes, padded the HMAC way. #}
{% macro helper_macros() %}
create or replace macro surrogate_key(parts) as
    (md5_number_lower(array_to_string(
        list_transform(parts, lambda part: coalesce(part, chr(30))), chr(31))) >> 1)::bigint;
create or replace macro keyed_hash(word) as
    sha256(unhex('{{ "6b" * 64 }}') || unhex(sha256(unhex('{{ "01" * 64 }}') || encode(word))));
{% endmacro %}
