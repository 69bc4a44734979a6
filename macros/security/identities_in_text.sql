{#- See _macros.yml. -#}
{% macro identities_in_text(expression) -%}
    {%- if var("mask_identities") -%}
        regexp_replace({{ expression }}, '{{ mail_address_pattern() }}', '(masked)')
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}


{#- Greedy: rather a word too much than half an address. No backslash, which engines read differently. -#}
{% macro mail_address_pattern() -%}
    [^ @/<>,;:()]+@[^ @/<>,;:()]+
{%- endmacro %}
