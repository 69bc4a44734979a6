{#- See _macros.yml for what comes back. -#}
{% macro table_position(relation) %}
    {%- set history = run_query("describe history " ~ relation ~ " limit 1") -%}
    {%- set detail = run_query("describe detail " ~ relation).rows[0] -%}
    {%- set vacuumed_after = modules.datetime.timedelta(hours=var("vacuum_retention_hours") | int) -%}
    {{ return({
        "version": history.rows[0]["version"] | int,
        "table_id": detail["id"],
        "retention": [retention_of(detail["properties"]), vacuumed_after] | min,
        "asked_at": modules.datetime.datetime.now(modules.pytz.utc),
    }) }}
{% endmacro %}


{#- For how long a table keeps files that it does not use any more. -#}
{% macro retention_of(properties) %}
    {%- set told = modules.re.findall(
        "deletedfileretentionduration\\W+([^'\"]+)", properties | string | lower
    ) -%}
    {%- set parts = modules.re.findall("([0-9]+) *(week|day|hour|minute|second)", told | join) -%}
    {%- set kept = namespace(time=modules.datetime.timedelta(days=0 if parts else 7)) -%}
    {%- for number, unit in parts -%}
        {%- set kept.time = kept.time + modules.datetime.timedelta(**{unit ~ "s": number | int}) -%}
    {%- endfor -%}
    {{ return(kept.time) }}
{% endmacro %}
