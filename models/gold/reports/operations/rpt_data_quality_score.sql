with scores as (

    select *
    from {{ ref("dq_rule_scores") }}

),

-- The scores of the build before, and since when a rule has been firing without a break.
history as (

    select
        history.rule_id,
        max(history.score_date) filter (where not history.is_firing) as last_quiet_date,
        min(history.score_date) as first_score_date,
        max_by(history.score, history.score_date) as previous_score,
        max(history.score_date) as previous_score_date
    from {{ ref("dq_score_history") }} as history
    inner join scores
        on history.rule_id = scores.rule_id
    where history.score_date < scores.last_day
    group by history.rule_id

),

-- A rule counts by its weight and by the money that it looks at.
weighted as (

    select
        scores.*,
        history.previous_score,
        history.previous_score_date,
        if(
            scores.is_firing,
            coalesce(date_add(history.last_quiet_date, 1), history.first_score_date, scores.last_day),
            null
        ) as firing_since,
        cast(scores.checked_money as double) * scores.weight as money_weight
    from scores
    left join history
        on scores.rule_id = history.rule_id

),

by_rule as (

    select
        'rule' as scope,
        rule_id,
        layer,
        table_name,
        description,
        owner,
        severity,
        score,
        try_divide(money_weight, sum(money_weight) over ()) as score_weight,
        previous_score,
        previous_score_date,
        checked_rows,
        failed_rows,
        checked_money,
        failed_money,
        failed_share,
        maximum_share,
        is_firing,
        firing_since,
        first_failed_date_key,
        last_failed_date_key,
        failed_days,
        first_day,
        last_day
    from weighted

),

overall as (

    select
        'overall' as scope,
        'all' as rule_id,
        cast(null as string) as layer,
        cast(null as string) as table_name,
        'All active rules together.' as description,
        cast(null as string) as owner,
        cast(null as string) as severity,
        try_divide(sum(money_weight * score), sum(money_weight) filter (where score is not null)) as score,
        cast(1 as double) as score_weight,
        try_divide(
            sum(money_weight * previous_score), sum(money_weight) filter (where previous_score is not null)
        ) as previous_score,
        max(previous_score_date) as previous_score_date,
        cast(null as bigint) as checked_rows,
        cast(null as bigint) as failed_rows,
        max(checked_money) as checked_money,
        cast(null as decimal(38, 18)) as failed_money,
        cast(null as double) as failed_share,
        cast(null as double) as maximum_share,
        count_if(is_firing) > 0 as is_firing,
        min(firing_since) as firing_since,
        min(first_failed_date_key) as first_failed_date_key,
        max(last_failed_date_key) as last_failed_date_key,
        cast(null as bigint) as failed_days,
        first_day,
        last_day
    from weighted
    group by first_day, last_day

),

final as (

    select * from by_rule
    union all
    select * from overall

)

select * from final
