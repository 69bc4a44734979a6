{#- What a dimension says it touches (record_reads): nothing, changed members, or all of them. -#}
{% macro members_touched(reads) %}
    {%- set modes = reads | map(attribute="mode") | list -%}
    {{ return("all" if "all" in modes else "whole" if "changes" in modes else []) }}
{% endmacro %}
