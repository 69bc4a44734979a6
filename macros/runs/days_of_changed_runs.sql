{#-
    See _macros.yml for what comes back. The day on which a run is held cannot be told from a changed slice,
    so runs are found by their ids among all that are held.
-#}
{% macro days_of_changed_runs(read, id, changed=none) %}
    {%- if read.mode != "changes" or not can_query() -%}
        {{ return({"sliced": read.days, "touched": read.days}) }}
    {%- endif -%}
    {%- if changed is none -%}
        {%- set changed = changed_keys(read, ["workspace_id", id]) -%}
    {%- endif -%}
    {%- set found = run_query(
        "select " ~ broadcast_hint("changed", read.rows)
        ~ " distinct held.date_key, explode(held.slice_date_keys)"
        ~ " from (select workspace_id, " ~ id ~ " as id, date_key, slice_date_keys from " ~ this ~ ") as held"
        ~ " inner join (" ~ changed ~ ") as changed(workspace_id, id)"
        ~ " on held.workspace_id = changed.workspace_id and held.id = changed.id"
    ) -%}
    {%- set started = [] -%}
    {%- set sliced = [] -%}
    {%- for row in found.rows -%}
        {%- do started.append(row[0] | int) -%}
        {%- do sliced.append(row[1] | int) -%}
    {%- endfor -%}
    {#-
        Slices without a start have no day: they are always looked at. A run that is not held yet is inserted,
        whatever its day: only the days of held rows bound the merge.
    -#}
    {{ return({
        "sliced": touched_days([read.days, sliced, [none]]),
        "touched": touched_days([read.days, started]),
    }) }}
{% endmacro %}
