with rules as (

    select *
    from {{ ref("data_quality_rules") }}
    where is_active

),

-- The newest score of each day holds.
history as (

    select *
    from {{ ref("dq_score_history") }}
    qualify row_number() over (partition by rule_id, score_date order by recorded_at desc) = 1

),

newest as (

    select max(score_date) as score_date
    from history

),

scores as (

    select
        history.*,
        rules.layer,
        rules.table_name,
        rules.description,
        rules.owner,
        rules.severity
    from history
    inner join newest
        on history.score_date = newest.score_date
    inner join rules
        on history.rule_id = rules.rule_id

),

before as (

    select
        history.rule_id,
        max(history.score_date) as previous_score_date,
        max_by(history.score, history.score_date) as previous_score,
        min(history.score_date) as first_score_date,
        max(if(history.is_firing, null, history.score_date)) as last_quiet_date
    from history
    inner join newest
        on history.score_date < newest.score_date
    group by history.rule_id

),

-- A rule counts by its weight and by the money that it looks at.
weighted as (

    select
        scores.*,
        before.previous_score,
        before.previous_score_date,
        if(
            scores.is_firing,
            coalesce(date_add(before.last_quiet_date, 1), before.first_score_date, scores.score_date),
            null
        ) as firing_since,
        cast(scores.checked_money as double) * scores.weight as money_weight
    from scores
    left join before
        on scores.rule_id = before.rule_id

),

overall as (

    select
        score_date,
        first_day,
        try_divide(sum(money_weight * score), sum(if(score is null, null, money_weight))) as score,
        try_divide(
            sum(money_weight * previous_score), sum(if(previous_score is null, null, money_weight))
        ) as previous_score,
        max(previous_score_date) as previous_score_date,
        -- Most rules look at all money: what several looked at counts once.
        max(checked_money) as checked_money,
        count_if(is_firing) > 0 as is_firing,
        min(firing_since) as firing_since,
        min(first_failed_date_key) as first_failed_date_key,
        max(last_failed_date_key) as last_failed_date_key
    from weighted
    group by score_date, first_day

),

final as (

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
        score_date as last_day
    from weighted
    union all
    select
        'overall' as scope,
        'all' as rule_id,
        null as layer,
        null as table_name,
        'All active rules together.' as description,
        null as owner,
        null as severity,
        score,
        1 as score_weight,
        previous_score,
        previous_score_date,
        null as checked_rows,
        null as failed_rows,
        checked_money,
        null as failed_money,
        null as failed_share,
        null as maximum_share,
        is_firing,
        firing_since,
        first_failed_date_key,
        last_failed_date_key,
        null as failed_days,
        first_day,
        score_date as last_day
    from overall

)

select * from final
