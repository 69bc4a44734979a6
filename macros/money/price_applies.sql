{#- Whether a price is that of a record of usage: of its SKU, cloud and unit, in a window with its start. -#}
{% macro price_applies(prices, usage) -%}
    {{ usage }}.sku_name = {{ prices }}.sku_name
    and {{ usage }}.cloud = {{ prices }}.cloud
    and {{ usage }}.usage_unit = {{ prices }}.usage_unit
    and {{ usage }}.usage_start_time >= {{ prices }}.price_start_time
    and ({{ prices }}.price_end_time is null or {{ usage }}.usage_start_time < {{ prices }}.price_end_time)
{%- endmacro %}
