-- What `dbt source freshness` goes by is what rpt_source_freshness goes by, for every source of the project.
{%- set declared = [] %}
{%- if execute %}
{%- for node in graph.sources.values() if node.package_name == project_name %}
{%- set freshness = node.freshness or {} %}
{%- do declared.append([
    node.database ~ "." ~ node.schema ~ "." ~ node.identifier,
    (freshness.get("warn_after") or {}).get("count"),
    (freshness.get("error_after") or {}).get("count"),
]) %}
{%- for limit in ["warn_after", "error_after"] %}
{%- if freshness.get(limit) and freshness[limit].count and freshness[limit].period != "hour" %}
{{ exceptions.raise_compiler_error(node.unique_id ~ " has a " ~ limit ~ " that is not in hours") }}
{%- endif %}
{%- endfor %}
{%- endfor %}
{%- endif %}

with declared as (

    {%- for source_name, warn_after, error_after in declared %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_string(source_name) }} as source,
        cast({{ warn_after or "null" }} as double) as warn_after_hours,
        cast({{ error_after or "null" }} as double) as error_after_hours
    {%- else %}
    select
        cast(null as string) as source,
        cast(null as double) as warn_after_hours,
        cast(null as double) as error_after_hours
    {%- endfor %}

),

expected as (

    select
        source,
        warn_after_hours,
        error_after_hours
    from {{ ref("source_expectations") }}

),

only_declared as (

    select * from declared
    except
    select * from expected

),

only_expected as (

    select * from expected
    except
    select * from declared

)

select * from only_declared
union all
select * from only_expected
