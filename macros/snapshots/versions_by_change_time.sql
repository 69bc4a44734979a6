{#-
    Versions of sources that say when they changed. Everything that happens to a key in one line of time: a
    version starts at its change_time, a delete happens at its delete_time, after a version that starts at
    that moment. A version reaches to whatever comes next. What the newest row says is deleted is so, even if
    an edit came between the delete_time and that row: the edit then ends as it starts.
-#}
{% macro versions_by_change_time(strategy) -%}
    {%- set columns = snapshot_columns() -%}
    {%- set key = strategy.unique_key | join(", ") -%}
    happenings as (

        -- What has no time of change has no place among the versions.
        select
            snapshot_query.*,
            delete_time is not null as is_delete,
            coalesce(delete_time, {{ strategy.updated_at }}) as happened_at
        from snapshot_query
        where {{ strategy.updated_at }} is not null

    ),

    in_order as (

        select
            happenings.*,
            row_number() over by_time as place,
            lead(happened_at) over by_time as next_at,
            coalesce(lead(is_delete) over by_time, false) as is_deleted_next,
            count_if(not is_delete) over (partition by {{ key }}) as version_count,
            max_by(is_delete, {{ strategy.updated_at }}) over (partition by {{ key }}) as ends_deleted
        from happenings
        window by_time as (partition by {{ key }} order by happened_at, is_delete, {{ strategy.updated_at }})

    ),

    lives as (

        select
            * except (
                row_hash, is_delete, happened_at, place, next_at, is_deleted_next, version_count, ends_deleted
            ),
            row_hash as source_hash,
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            case
                when is_delete then {{ not_after_creation("delete_time") }}
                else {{ strategy.updated_at }}
            end as {{ columns.dbt_valid_from }},
            case
                when is_delete then delete_time
                when next_at is null and ends_deleted then {{ strategy.updated_at }}
                else next_at
            end as {{ columns.dbt_valid_to }},
            is_delete or is_deleted_next or (next_at is null and ends_deleted) as {{ columns.dbt_is_deleted }}
        from in_order
        -- Of a key that has nothing but deletes, the first one tells all that is known.
        where not is_delete or (version_count = 0 and place = 1)

    ),

    versions as (

        select
            * except (source_hash),
            sha2(concat_ws(
                '|',
                source_hash,
                {{ columns.dbt_valid_from }},
                coalesce(cast({{ columns.dbt_valid_to }} as string), 'open'),
                {{ columns.dbt_is_deleted }}
            ), 256) as row_hash
        from lives

    )
{%- endmacro %}
