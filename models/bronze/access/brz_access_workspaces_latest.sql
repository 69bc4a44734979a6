{{ config(
    unique_key=["account_id", "workspace_id"],
) }}
{%- set read = read_source(source("access", "workspaces_latest")) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "workspace_name") }},
        {{ source_column(read, "workspace_url") }},
        {{ source_column(read, "create_time") }},
        {{ source_column(read, "status") }}
    from {{ source_rows(read) }}

),

present as (

    select
        source.*,
        {{ date_key(observed_at()) }} as date_key,
        {{ observed_at() }} as observed_at,
        cast(null as timestamp) as source_removed_at,
        {{ source_row_hash(read) }} as row_hash
    from source
    qualify row_number() over (partition by account_id, workspace_id order by row_hash desc) = 1

)
{%- if is_merge() %},

removed as (

    -- The table holds only what exists now. What left it stays here, marked, with another hash so that the
    -- merge writes the mark once.
    select
        held.account_id,
        held.workspace_id,
        held.workspace_name,
        held.workspace_url,
        held.create_time,
        held.status,
        {{ date_key(observed_at()) }} as date_key,
        {{ observed_at() }} as observed_at,
        {{ observed_at() }} as source_removed_at,
        concat('removed ', held.row_hash) as row_hash
    from {{ this }} as held
    left anti join present
        on held.account_id <=> present.account_id and held.workspace_id <=> present.workspace_id
    where held.source_removed_at is null

)
{%- endif %}

select * from present
{%- if is_merge() %}
union all
select * from removed
{%- endif %}
