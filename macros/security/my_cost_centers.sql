{#- See _macros.yml. -#}
{% macro my_cost_centers() -%}
    select distinct cost_center
    from {{ ref("cost_center_readers") }}
    where {{ is_whoever_asks("reader", var("cost_center_readers_are")) }}
{%- endmacro %}
