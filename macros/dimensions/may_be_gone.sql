{#-
    Whether changed rows named something that no row at hand names any more. Nearly always all of it is at
    hand still, and nothing has to be looked for on other days.
-#}
{% macro may_be_gone(named, whole) %}
    {%- set before = [] -%}
    {%- set now = [] -%}
    {%- for read, columns in named -%}
        {%- if read.mode == "changes" -%}
            {%- do before.append(
                "select " ~ columns ~ " from " ~ table_changes_of(read)
                ~ " where _change_type in ('delete', 'update_preimage')"
            ) -%}
        {%- endif -%}
        {%- do now.append("select " ~ columns ~ " from " ~ rows_at_hand(read, whole)) -%}
    {%- endfor -%}
    {%- if whole or not before -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(run_query(
        "select 1 from ((" ~ before | join(" union all ") ~ ") except (" ~ now | join(" union all ")
        ~ ")) as gone limit 1"
    ).rows | length > 0) }}
{% endmacro %}
