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
        support.runtime_age_days,
        support.support_days_left,
        support.support_status,
        array(
            struct(configurations.driver_node_type as node_type, drivers.node_category as node_category),
            struct(configurations.worker_node_type as node_type, workers.node_category as node_category)
        ) as nodes
    from {{ ref("int_cluster_configurations") }} as configurations
    left join {{ ref("int_runtime_support") }} as support
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

measured as (

    select
        applied.*,
        case rule
            -- Of a runtime that is not listed the days are not known.
            when 'runtime_support'
                then coalesce(support_days_left < limit_value, support_status = 'not_listed')
            when 'runtime_age' then runtime_age_days > limit_value
            when 'auto_termination'
                then coalesce(auto_termination_minutes, 0) = 0 or auto_termination_minutes > limit_value
            when 'autoscaling' then not is_autoscaling and worker_count >= limit_value
            when 'allowed_node_types' then size(other_nodes) > 0
        end as is_broken,
        case rule
            when 'runtime_support' then support_days_left
            when 'runtime_age' then runtime_age_days
            when 'auto_termination' then coalesce(auto_termination_minutes, 0)
            when 'autoscaling' then worker_count
            when 'allowed_node_types' then size(other_nodes)
        end as observed_value,
        case rule
            when 'runtime_support'
                then concat(
                        'runtime ', dbr_version, ': ',
                        if(
                            support_status = 'not_listed',
                            'not listed in runtime_support, though newer ones are',
                            concat('support ends ', end_of_support_date)
                        )
                    )
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

-- Several clusters of one job break a rule once; the first of them is the evidence.
broken as (

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
    where is_broken
    group by policy_id, subject_type, workspace_id, subject_id

),

final as (

    select
        broken.*,
        report_window.first_day,
        report_window.last_day
    from broken
    cross join report_window

)

select * from final
