{#- What may have changed, and where it is told: in the version of the job, or in those of the clusters. -#}
{%- set cluster_attributes = [
    "cluster_source",
    "dbr_version",
    "driver_node_type",
    "worker_node_type",
    "worker_count",
    "min_autoscale_workers",
    "max_autoscale_workers",
] %}
{%- set attributes = ["job_version"] + cluster_attributes %}
with slower as (

    select *
    from {{ ref("int_task_latency_tests") }}
    where verdict = 'slower'

),

runs as (

    select
        runs.*,
        runs.task_start_time >= slower.slower_since as is_since_change,
        -- Up to the first slow run: what changes later is no cause.
        runs.task_start_time <= slower.slower_since as may_be_cause
    from {{ ref("int_task_latencies") }} as runs
    inner join slower
        on
            runs.workspace_id <=> slower.workspace_id
            and runs.job_id <=> slower.job_id
            and runs.task_key <=> slower.task_key
            and runs.date_key >= {{ date_key("date_sub(slower.slower_since, slower.cause_days)") }}

),

run_clusters as (

    select
        runs.*,
        explode_outer(cluster_ids) as cluster_id
    from runs

),

listed_clusters as (

    select *
    from {{ ref("dim_cluster") }}
    where not is_unlisted and cluster_id is not null

),

clusters as (

    {{ effective_versions("listed_clusters", ["workspace_id", "cluster_id"]) }}

),

-- An attempt may run on several clusters.
configured as (

    select
        run_clusters.task_run_key,
        run_clusters.workspace_id,
        run_clusters.job_id,
        run_clusters.task_key,
        run_clusters.job_run_id,
        run_clusters.run_id,
        run_clusters.task_start_time,
        run_clusters.duration_seconds,
        run_clusters.is_since_change,
        run_clusters.may_be_cause,
        jobs.valid_from as job_valid_from,
        max(clusters.valid_from) as cluster_valid_from,
        string(jobs.valid_from) as job_version,
        {%- for attribute in cluster_attributes %}
        nullif(
            array_join(
                array_sort(collect_set(
                    case
                        when clusters.cluster_key is not null
                            then coalesce(string(clusters.{{ attribute }}), 'none')
                        {%- if attribute == "cluster_source" %}
                        when run_clusters.cluster_id is null then 'no cluster named'
                        {%- endif %}
                    end
                )),
                ' and '
            ),
            ''
        ) as {{ attribute }}{{ "," if not loop.last }}
        {%- endfor %}
    from run_clusters
    inner join {{ ref("dim_entity") }} as jobs
        on run_clusters.entity_key = jobs.entity_key
    left join clusters
        on
            run_clusters.workspace_id <=> clusters.workspace_id
            and run_clusters.cluster_id = clusters.cluster_id
            and {{ serves_at("clusters", "run_clusters.task_start_time") }}
    group by all

),

beside_the_run_before as (

    select
        configured.*{% for attribute in attributes %},
        lag({{ attribute }}) ignore nulls over earlier as {{ attribute }}_before
        {%- endfor %}
    from configured
    window earlier as (
        partition by workspace_id, job_id, task_key
        order by task_start_time, run_id
    )

),

final as (

    select
        task_run_key,
        workspace_id,
        job_id,
        task_key,
        job_run_id,
        run_id,
        task_start_time,
        duration_seconds,
        is_since_change,
        may_be_cause,
        filter(
            array({% for attribute in attributes %}
                struct(
                    '{{ attribute }}' as attribute,
                    {{ attribute }}_before as value_before,
                    {{ attribute }} as value_now,
                    {{ "job" if attribute == "job_version" else "cluster" }}_valid_from as valid_from
                ){{ "," if not loop.last }}
                {%- endfor %}
            ),
            change -> change.value_before <> change.value_now
        ) as configuration_changes
    from beside_the_run_before

)

select * from final
