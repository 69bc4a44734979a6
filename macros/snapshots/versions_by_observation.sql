{#-
    Versions of sources that hold only what exists now. A key's line of time is what was seen of it: a
    content, from observed_at, or that it was gone, at source_removed_at. What the snapshot holds is part of
    that line, since the source has forgotten it. What is derived from a content is worked out for all of
    them, so that another rule reaches what is held.
-#}
{% macro versions_by_observation(strategy, source_sql, target_relation=none) -%}
    {%- set columns = snapshot_columns() -%}
    {%- set key = strategy.unique_key | join(", ") -%}
    {%- set derived = (config.get("meta") or {}).get("derived", {}) -%}
    {%- set content = json_of(config.require("check_cols") | join(", ")) -%}
    {%- set names = [] -%}
    {%- set held_names = [] -%}
    {%- if target_relation is not none -%}
        {%- set held_columns = actual_columns(target_relation) -%}
        {%- for column in get_column_schema_from_query(source_sql) -%}
            {%- set name = adapter.quote(column.name) -%}
            {%- do names.append(name) -%}
            {%- do held_names.append(
                name if column.name | lower in held_columns
                else "cast(null as " ~ column.data_type ~ ") as " ~ name
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    seen as (

        select
            snapshot_query.*,
            coalesce(source_removed_at, {{ strategy.updated_at }}) as seen_at,
            source_removed_at is not null as is_gone,
            false as is_held
        from snapshot_query
        {%- if target_relation is not none %}
        union all
        select
            {{ held_names | join(", ") }},
            {{ strategy.updated_at }} as seen_at,
            false as is_gone,
            true as is_held
        from held
        where source_removed_at is null or {{ strategy.updated_at }} < source_removed_at
        union all
        select
            {{ held_names | join(", ") }},
            source_removed_at as seen_at,
            true as is_gone,
            true as is_held
        from held
        where source_removed_at is not null
        {%- endif %}

    ),

    told_once as (

        select
            seen.*,
            {{ content }} as content
        from seen
        qualify row_number() over (partition by {{ key }}, seen_at order by is_held) = 1

    ),

    compared as (

        select
            told_once.*,
            lag(is_gone) over by_time as was_gone,
            lag(content) over by_time as last_content
        from told_once
        window by_time as (partition by {{ key }} order by seen_at)

    ),

    in_order as (

        select
            compared.*,
            row_number() over by_time as place,
            lead(seen_at) over by_time as next_at,
            lead(is_gone) over by_time as is_gone_next
        from compared
        -- Seeing the same again says nothing, nor does a second absence.
        where was_gone is null or was_gone <> is_gone or (not is_gone and content <> last_content)
        window by_time as (partition by {{ key }} order by seen_at)

    ),

    lives as (

        select
            * except (
                row_hash, source_removed_at, seen_at, is_gone, is_held, content, was_gone, last_content,
                place, next_at,
                is_gone_next
            ),
            {%- for name, expression in derived.items() %}
            {{ expression }} as {{ name }},
            {%- endfor %}
            case when is_gone then seen_at when is_gone_next then next_at end as source_removed_at,
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            case when place = 1 then {{ not_after_creation("seen_at") }} else seen_at end
                as {{ columns.dbt_valid_from }},
            case when is_gone then seen_at else next_at end as {{ columns.dbt_valid_to }},
            false as {{ columns.dbt_is_deleted }}
        from in_order
        -- Gone before it was ever seen: all that is known is the content it left with.
        where not is_gone or place = 1

    ),

    versions as (

        select
            lives.*,
            {{ hash_of("lives.*") }} as row_hash
        from lives

    )
{%- endmacro %}
