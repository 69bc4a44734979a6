{#-
    The as-of rule with "nearest" looks at the starts of an entity's versions alone: in effect is the last
    version that has begun, before them all the first. So the timeline is cut at every start there is or was,
    and each stretch is compared as it was and as it is. The end of a version only tells an as-of match from a
    nearest one: it matters where the version itself is asked for.
-#}
{% macro changed_periods(read, key, attributes=none, of_new_keys=true) -%}
    {%- if read.mode != "changes" -%}
        select distinct
            {{ key | join(", ") }},
            cast(null as timestamp) as period_start,
            cast(null as timestamp) as period_end
        from {{ as_read(read) }}
        {{ "where false" if read.mode == "none" }}
    {%- else -%}
        {%- set value = "cast(valid_from as string)" -%}
        {%- if attributes -%}
            {%- set types = actual_columns(read.relation) -%}
            {%- set compared = [] -%}
            {%- for name in attributes -%}
                {%- do compared.append({"name": name, "expression": name, "type": types[name | lower]}) -%}
            {%- endfor -%}
            {%- set value = content_hash(compared) -%}
        {%- endif -%}
        {%- set row = "struct(" ~ value ~ " as value, valid_to as valid_to)" -%}
        with feed as (

            select
                {{ key | join(", ") }},
                valid_from,
                _commit_version,
                _change_type in ('update_preimage', 'delete') as is_before,
                {{ row }} as version
            from {{ table_changes_of(read) }}

        ),

        changed_keys as (

            select distinct {{ key | join(", ") }}
            from feed

        ),

        first_changes as (

            -- What the first change of a version says it was; NULL where that change brought it.
            select
                {{ key | join(", ") }},
                valid_from,
                case when is_before then version end as version
            from feed
            qualify row_number() over (
                partition by {{ key | join(", ") }}, valid_from
                order by _commit_version, is_before desc
            ) = 1

        ),

        held as (

            select
                {{ key | join(", ") }},
                valid_from,
                {{ row }} as version
            from {{ as_read(read) }} as held
            left semi join changed_keys
                on {{ equal_keys("held", "changed_keys", key) }}

        ),

        versions as (

            select
                {%- for column in key + ["valid_from"] %}
                coalesce(held.{{ column }}, first_changes.{{ column }}) as {{ column }},
                {%- endfor %}
                case
                    when first_changes.valid_from is null then held.version
                    else first_changes.version
                end as before,
                held.version as after
            from held
            full outer join first_changes
                on {{ equal_keys("held", "first_changes", key) }}
                    and held.valid_from = first_changes.valid_from
            union all
            -- The time before the first start.
            select
                {{ key | join(", ") }},
                cast(null as timestamp) as valid_from,
                null as before,
                null as after
            from changed_keys

        ),

        stretches as (

            select
                {{ key | join(", ") }},
                valid_from as period_start,
                lead(valid_from) over by_start as period_end,
                {%- for side in ["before", "after"] %}
                coalesce(
                    last_value({{ side }}, true) over (
                        partition by {{ key | join(", ") }} order by valid_from
                        rows between unbounded preceding and current row
                    ),
                    first_value({{ side }}, true) over (
                        partition by {{ key | join(", ") }} order by valid_from
                        rows between unbounded preceding and unbounded following
                    )
                ).value as {{ side }}{{ "," if not loop.last }}
                {%- endfor %}
            from versions
            window by_start as (partition by {{ key | join(", ") }} order by valid_from)

        )

        select
            {{ key | join(", ") }},
            period_start,
            period_end
        from stretches
        where not before <=> after {{ "and before is not null" if not of_new_keys }}
        {%- if not attributes %}
        union all
        -- The same version reaches less or more far.
        select
            {{ key | join(", ") }},
            least(before.valid_to, after.valid_to) as period_start,
            case
                when before.valid_to is not null and after.valid_to is not null
                    then greatest(before.valid_to, after.valid_to)
            end as period_end
        from versions
        where
            before is not null
            and after is not null
            and not before.valid_to <=> after.valid_to
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
