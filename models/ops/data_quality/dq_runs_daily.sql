{%- set broken = {
    "run_without_end": "is_silent",
    "run_of_unknown_job": "not is_known",
} %}
with report_window as (

    {{ report_window(["brz_lakeflow_job_run_timeline"]) }}

),

runs as (

    select
        runs.*,
        -- Runs that go on have a slice on the last complete day.
        not runs.is_finished and cast(runs.last_period_end_time as date) < report_window.last_day as is_silent
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.date_key between report_window.first_date_key and report_window.last_date_key

),

-- Usage of a run is of the day it starts or later.
run_money as (

    select
        costs.workspace_id,
        costs.run_id,
        sum(abs(costs.list_cost)) as money
    from {{ ref("fct_run_costs") }} as costs
    inner join report_window
        on costs.date_key >= report_window.first_date_key
    group by costs.workspace_id, costs.run_id

),

judged as (

    select
        runs.date_key,
        runs.is_silent,
        entities.is_known,
        run_money.money
    from runs
    inner join {{ ref("dim_entity") }} as entities
        on runs.entity_key = entities.entity_key
    left join run_money
        on
            runs.workspace_id <=> run_money.workspace_id
            and runs.run_id = run_money.run_id

),

totals as (

    select
        date_key,
        count(*) as checked_rows,
        cast(coalesce(sum(money), 0) as decimal(38, 18)) as checked_money
        {%- for kind, condition in broken.items() %},
        count_if({{ condition }}) as {{ kind }}_rows,
        cast(coalesce(sum(money) filter (where {{ condition }}), 0) as decimal(38, 18)) as {{ kind }}_money
        {%- endfor %}
    from judged
    group by date_key

),

final as (

    {{ findings_by_kind("totals", broken.keys() | list) }}

)

select * from final
