with report_window as (

    {{ report_window() }}

),

support as (

    select *
    from {{ ref("runtime_support") }}

),

versions as (

    select distinct
        dbr_major_version,
        dbr_minor_version
    from {{ ref("dim_cluster") }}
    where dbr_major_version is not null and dbr_minor_version is not null

),

released as (

    select
        max(struct(support.dbr_major_version, support.dbr_minor_version)) as newest,
        max(
            if(support.is_lts, struct(support.dbr_major_version, support.dbr_minor_version), null)
        ) as newest_lts
    from support
    inner join report_window
        on support.release_date <= report_window.last_day

),

final as (

    select
        versions.dbr_major_version,
        versions.dbr_minor_version,
        support.is_lts,
        support.release_date,
        support.end_of_support_date,
        datediff(report_window.last_day, support.release_date) as runtime_age_days,
        datediff(support.end_of_support_date, report_window.last_day) as support_days_left,
        case
            when
                support.end_of_support_date is null
                and struct(versions.dbr_major_version, versions.dbr_minor_version) < released.newest
                -- Most runtimes last half a year: what the seed passed over is not to be taken for supported.
                then 'not_listed'
            when support.end_of_support_date is null then 'unknown'
            when support.end_of_support_date < report_window.last_day then 'ended'
            when support.end_of_support_date <= date_add(report_window.last_day, support.notice_days)
                then 'ends_soon'
            else 'supported'
        end as support_status,
        concat(
            released.newest_lts.dbr_major_version, '.', released.newest_lts.dbr_minor_version
        ) as newest_lts
    from versions
    cross join report_window
    cross join released
    left join support
        on
            versions.dbr_major_version = support.dbr_major_version
            and versions.dbr_minor_version = support.dbr_minor_version

)

select * from final
