-- Which jobs should move to serverless, and how few DBUs must they use there to cost the same?
with prices as (

    -- What serverless jobs cost now, in the middle of the account's regions on a cloud.
    select
        prices.cloud,
        prices.currency_code,
        percentile(cast(prices.list_price as double), 0.5) as serverless_list_price
    from {{ ref("slv_prices") }} as prices
    where
        prices.price_end_time is null
        and prices.usage_unit = 'DBU'
        and prices.sku_name like '%JOBS\_SERVERLESS\_COMPUTE%'
    group by prices.cloud, prices.currency_code

),

classic as (

    select
        usage.workspace_id,
        usage.job_id,
        usage.cloud,
        usage.currency_code,
        sum(usage.usage_quantity) as classic_dbus,
        sum(usage.list_cost) as classic_list_cost
    from {{ ref("fct_usage") }} as usage
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    inner join {{ ref("rpt_serverless_candidates") }} as candidates
        on
            usage.workspace_id = candidates.workspace_id
            and usage.job_id = candidates.job_id
            and dates.date between candidates.first_day and candidates.last_day
    where not usage.is_serverless and usage.is_priced and usage.usage_unit = 'DBU'
    group by usage.workspace_id, usage.job_id, usage.cloud, usage.currency_code

),

final as (

    select
        candidates.workspace_name,
        candidates.job_id,
        candidates.job_name,
        candidates.owner,
        candidates.reason,
        candidates.run_count,
        classic.currency_code,
        classic.classic_list_cost,
        classic.classic_dbus,
        prices.serverless_list_price,
        -- At 0.3, serverless may use three tenths of today's DBUs. The cloud's bill for the machines, which
        -- classic compute has besides and no system table knows, speaks for moving earlier.
        try_divide(
            cast(classic.classic_list_cost as double),
            cast(classic.classic_dbus as double) * prices.serverless_list_price
        ) as break_even_dbu_ratio
    from {{ ref("rpt_serverless_candidates") }} as candidates
    inner join classic
        on
            candidates.workspace_id = classic.workspace_id
            and candidates.job_id = classic.job_id
    left join prices
        on
            classic.cloud = prices.cloud
            and classic.currency_code = prices.currency_code

)

select * from final
order by break_even_dbu_ratio desc nulls last, classic_list_cost desc
