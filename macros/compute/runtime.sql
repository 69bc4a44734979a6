{#-
    What a runtime's version string tells: 15.4.x-scala2.12, 14.3.x-photon-scala2.12, dlt:15.4.2-...
    A custom image may name no version, and apache-spark-3.5 names Spark's.
-#}
{% macro runtime_major_version(column) -%}
    try_cast(regexp_extract(lower({{ column }}), '^([a-z]+:)?([0-9]+)[.]', 2) as int)
{%- endmacro %}


{% macro runtime_minor_version(column) -%}
    try_cast(regexp_extract(lower({{ column }}), '^([a-z]+:)?[0-9]+[.]([0-9]+)', 2) as int)
{%- endmacro %}


{#- Whether the string has a word, such as photon, ml or lts, between its separators; NULL without one. -#}
{% macro runtime_has_word(column, word) -%}
    lower({{ column }}) rlike '(^|[^a-z0-9]){{ word }}([^a-z0-9]|$)'
{%- endmacro %}
