with report_window as (

    {{ report_window() }}

),

support as (

    select *
    from {{ ref("int_runtime_support") }}

),

by_version as (

    select
        dbr_version,
        dbr_major_version,
        dbr_minor_version,
        size(array_distinct(flatten(collect_list(clusters)))) as cluster_count,
        count(*) as entity_count,
        max_by(entity_name, coalesce(list_cost, 0)) as main_entity_name,
        array_sort(collect_set(owner)) as owners,
        sum(list_cost) as list_cost
    from {{ ref("int_runtime_use") }}
    group by dbr_version, dbr_major_version, dbr_minor_version

),

judged as (

    select
        by_version.*,
        support.is_lts,
        support.release_date,
        support.end_of_support_date,
        support.support_days_left,
        -- A runtime whose name is no number.
        coalesce(support.support_status, 'unknown') as support_status,
        support.newest_lts
    from by_version
    left join support
        on
            by_version.dbr_major_version = support.dbr_major_version
            and by_version.dbr_minor_version = support.dbr_minor_version

),

final as (

    select
        rank() over (
            order by
                array_position(
                    array('ended', 'not_listed', 'ends_soon', 'unknown', 'supported'), judged.support_status
                ),
                judged.list_cost desc nulls last
        ) as upgrade_priority,
        judged.dbr_version,
        judged.dbr_major_version,
        judged.dbr_minor_version,
        judged.is_lts,
        judged.release_date,
        judged.end_of_support_date,
        judged.support_days_left,
        judged.support_status,
        if(
            judged.support_status in ('ended', 'not_listed', 'ends_soon'), judged.newest_lts, null
        ) as upgrade_to,
        judged.cluster_count,
        judged.entity_count,
        judged.main_entity_name,
        judged.owners,
        '{{ var("reporting_currency") }}' as currency_code,
        judged.list_cost,
        try_divide(
            cast(judged.list_cost as double), cast(sum(judged.list_cost) over () as double)
        ) as cost_share,
        report_window.first_day,
        report_window.last_day
    from judged
    cross join report_window

)

select * from final
