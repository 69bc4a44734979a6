with report_window as (

    {{ report_window() }}

),

policies as (

    select
        compute_policies.*,
        split(allowed_values, '[|]') as allowed
    from {{ ref("compute_policies") }} as compute_policies
    where
        is_active
        and rule in (
            'runtime_support', 'runtime_age', 'auto_termination', 'autoscaling', 'allowed_node_types'
        )

),

support as (

    select *
    from {{ ref("runtime_support") }}

),

node_types as (

    select
        node_type,
        node_category
    from {{ ref("dim_node_type") }}

),

configurations as (

    select
        configurations.*,
        support.end_of_support_date,
        datediff(report_window.last_day, support.release_date) as runtime_age_days,
        datediff(support.end_of_support_date, report_window.last_day) as support_days_left,
        array(
            struct(configurations.driver_node_type as node_type, drivers.node_category as node_category),
            struct(configurations.worker_node_type as node_type, workers.node_category as node_category)
        ) as nodes
    from {{ ref("int_cluster_configurations") }} as configurations
    cross join report_window
    left join support
        on
            configurations.dbr_major_version = support.dbr_major_version
            and configurations.dbr_minor_version = support.dbr_minor_version
    left join node_types as drivers
        on configurations.driver_node_type = drivers.node_type
    left join node_types as workers
        on configurations.worker_node_type = workers.node_type

),

applied as (

    select
        policies.policy_id,
        policies.rule,
        policies.limit_value,
        configurations.*,
        filter(
            configurations.nodes,
            node -> node.node_type is not null
            and not array_contains(policies.allowed, node.node_type)
            and not array_contains(policies.allowed, coalesce(node.node_category, ''))
        ) as other_nodes
    from configurations
    inner join policies
        on
            policies.applies_to is null
            or array_contains(split(policies.applies_to, '[|]'), configurations.cluster_source)

),

-- How far each configuration is beyond its limit; NULL: it is not.
measured as (

    select
        applied.*,
        case rule
            when 'runtime_support' then if(support_days_left < limit_value, support_days_left, null)
            when 'runtime_age' then if(runtime_age_days > limit_value, runtime_age_days, null)
            when 'auto_termination'
                then if(
                        coalesce(auto_termination_minutes, 0) = 0 or auto_termination_minutes > limit_value,
                        coalesce(auto_termination_minutes, 0),
                        null
                    )
            when 'autoscaling' then if(not is_autoscaling and worker_count >= limit_value, worker_count, null)
            when 'allowed_node_types' then if(size(other_nodes) > 0, size(other_nodes), null)
        end as observed_value,
        case rule
            when 'runtime_support'
                then concat('runtime ', dbr_version, ': support ends ', end_of_support_date)
            when 'runtime_age' then concat('runtime ', dbr_version, ' is ', runtime_age_days, ' days old')
            when 'auto_termination'
                then if(
                        coalesce(auto_termination_minutes, 0) = 0,
                        'never stops by itself',
                        concat('stops after ', auto_termination_minutes, ' minutes')
                    )
            when 'autoscaling' then concat(worker_count, ' workers, always')
            when 'allowed_node_types' then array_join(
                    array_distinct(transform(
                        other_nodes,
                        node -> concat(node.node_type, ' (', coalesce(node.node_category, 'unknown'), ')')
                    )),
                    ', '
                )
        end as evidence
    from applied

),

final as (

    -- Several clusters of one job break a rule once; the first of them is the evidence.
    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        min_by(subject_name, cluster_id) as subject_name,
        min_by(owner, cluster_id) as owner,
        min_by(evidence, cluster_id) as evidence,
        cast(min_by(observed_value, cluster_id) as double) as observed_value,
        max(list_cost) as money_at_stake
    from measured
    where observed_value is not null
    group by policy_id, subject_type, workspace_id, subject_id

)

select * from final
