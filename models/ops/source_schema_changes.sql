{{ config(
    materialized="incremental",
    incremental_strategy="merge_changes",
    unique_key=["source", "column_path", "change", "source_type"],
) }}
{%- set changes = source_schema_differences() %}
{{ record_reads([], "whole" if changes or is_merge() else []) }}

-- One row per difference, from the day it was first seen until a release or the source has ended it: a build
-- never fails because a system table grew.
with differences as (

    {%- for change in changes %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_string(change.source) }} as source,
        {{ sql_string(change.column_path) }} as column_path,
        {{ sql_string(change.change) }} as change,
        {{ sql_string(change.declared_type) }} as declared_type,
        {{ sql_string(change.source_type) }} as source_type
    {%- else %}
    select
        cast(null as string) as source,
        cast(null as string) as column_path,
        cast(null as string) as change,
        cast(null as string) as declared_type,
        cast(null as string) as source_type
    from (select 1 as nothing) as no_difference
    where false
    {%- endfor %}

),

final as (

    select
        differences.*,
        'warn' as severity,
        current_timestamp() as first_seen_at,
        'seen' as row_hash
    from differences
    {%- if is_merge() %}
    union all
    select
        held.source,
        held.column_path,
        held.change,
        held.declared_type,
        held.source_type,
        held.severity,
        held.first_seen_at,
        cast(null as string) as row_hash
    from {{ this }} as held
    left anti join differences
        on {{ equal_keys("held", "differences", ["source", "column_path", "change", "source_type"]) }}
    {%- endif %}

)

select * from final
