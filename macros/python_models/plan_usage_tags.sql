{#-
    What slv_usage_tags reads: the usage whose record has changed, and the usage that a changed tag of its
    cluster, job or pipeline covers. A changed seed may touch any record, so everything is resolved again.
-#}
{% macro plan_usage_tags() %}
    {%- set usage = read_changes(ref("slv_usage")) -%}
    {%- set levels = {
        "cluster_id": read_changes(ref("slv_clusters"), by_day=false),
        "job_id": read_changes(ref("slv_jobs"), by_day=false),
        "pipeline_id": read_changes(ref("slv_pipelines"), by_day=false),
    } -%}
    {%- set seeds = read_seeds([
        (ref("tag_taxonomy"), ["tag_key"]),
        (ref("tag_key_aliases"), ["alias", "tag_key"]),
        (ref("tag_value_aliases"), ["tag_key", "alias", "tag_value"]),
        (ref("workspace_default_tags"), ["workspace_id", "tag_key", "tag_value"]),
    ]) -%}
    {%- set reads = [usage] + levels.values() | list + seeds -%}

    {%- set changed = {} -%}
    {%- for key, read in levels.items() if read.mode == "changes" -%}
        {%- do changed.update({key: read}) -%}
    {%- endfor -%}
    {%- set covered = usage_in_changed_periods(usage, changed) if changed -%}
    {%- set days = "all" -%}
    {%- if "all" not in reads | map(attribute="mode") -%}
        {%- set days_covered = "select distinct date_key from (" ~ covered ~ ")" -%}
        {%- set days = touched_days([usage.days, days_of(days_covered) if covered else []]) -%}
    {%- endif -%}
    {%- set affected = none -%}
    {%- if days != "all" -%}
        {%- set parts = [
            "select record_id, record_type, date_key from "
            ~ (table_changes_of(usage) if usage.mode == "changes" else usage.relation ~ " where false")
        ] + ([covered] if covered else []) -%}
        {%- set affected =
            "select distinct record_id, record_type from (" ~ parts | join(" union all ") ~ ")"
            ~ " where " ~ in_days(days)
        -%}
    {%- endif -%}
    {{ return({
        "reads": reads,
        "days": days,
        "plan": {"affected": affected, "on_days": in_days(days)},
    }) }}
{% endmacro %}


{#-
    The usage at a time in which its cluster, job or pipeline has other tags than before. Any day may hold
    some, so the keys of all usage are read, once for all levels.
-#}
{% macro usage_in_changed_periods(usage, levels) -%}
    select
        usage.record_id,
        usage.record_type,
        usage.date_key
    from {{ as_read(usage) }} as usage
    where
        {%- for key, versions in levels.items() %}
        {{ "or " if not loop.first }}exists (
            select 1
            from ({{ changed_periods(versions, ["workspace_id", key], attributes=["tags"]) }}) as period
            where
                usage.workspace_id <=> period.workspace_id
                and usage.{{ key }} = period.{{ key }}
                and (period.period_start is null or usage.usage_start_time >= period.period_start)
                and (period.period_end is null or usage.usage_start_time < period.period_end)
        )
        {%- endfor %}
{%- endmacro %}
