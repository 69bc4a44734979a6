{%- set dimensions = [
    "workspace_id", "line_of_business", "department", "cost_center", "environment", "use_case",
    "pipeline_name", "workflow_level", "parent_workflow_name",
] -%}
-- Each dimension of the showback holds all usage of each complete day: money and records.
with progress as (

    select {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

dimensions as (

    select explode(array('{{ dimensions | join("', '") }}')) as dimension

),

used as (

    select
        usage.date_key,
        usage.currency_code,
        sum(usage.list_cost) as list_cost,
        count(*) as record_count
    from {{ ref("fct_usage") }} as usage
    inner join progress
        on usage.date_key <= progress.last_date_key
    group by usage.date_key, usage.currency_code

),

expected as (

    select
        used.*,
        dimensions.dimension
    from used
    cross join dimensions

),

reported as (

    select
        date_key,
        dimension,
        currency_code,
        sum(list_cost) as list_cost,
        sum(record_count) as record_count
    from {{ ref("rpt_showback") }}
    group by date_key, dimension, currency_code

)

select
    expected.*,
    reported.list_cost as reported_list_cost,
    reported.record_count as reported_record_count
from expected
full outer join reported
    on
        expected.date_key = reported.date_key
        and expected.dimension = reported.dimension
        and expected.currency_code = reported.currency_code
where
    not expected.list_cost <=> reported.list_cost
    or not expected.record_count <=> reported.record_count
