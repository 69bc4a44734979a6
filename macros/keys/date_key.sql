{#- Arithmetic, since date_format writes years beyond 9999 with a sign that does not cast to INT. -#}
{% macro date_key(expression) -%}
    year({{ expression }}) * 10000 + month({{ expression }}) * 100 + day({{ expression }})
{%- endmacro %}
