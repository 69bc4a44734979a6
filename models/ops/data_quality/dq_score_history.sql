{{ config(
    materialized="incremental",
    incremental_strategy="append",
    on_schema_change="append_new_columns",
    full_refresh=false,
) }}

-- A build adds what differs from the newest score of the same day, and changes nothing that was kept.
with scores as (

    select
        rule_id,
        last_day as score_date,
        first_day,
        checked_rows,
        failed_rows,
        checked_money,
        failed_money,
        failed_share,
        score,
        weight,
        maximum_share,
        is_firing,
        first_failed_date_key,
        last_failed_date_key,
        failed_days,
        {{ hash_of(
            "checked_rows, failed_rows, checked_money, failed_money, failed_share, weight, maximum_share"
        ) }} as row_hash
    from {{ ref("dq_rule_scores") }}

),
{%- if is_incremental() %}

newest as (

    select *
    from {{ this }}
    qualify row_number() over (partition by rule_id, score_date order by recorded_at desc) = 1

),
{%- endif %}

final as (

    select
        scores.*,
        current_timestamp() as recorded_at
    from scores
    {%- if is_incremental() %}
    left anti join newest
        on {{ equal_keys("scores", "newest", ["rule_id", "score_date", "row_hash"]) }}
    {%- endif %}

)

select * from final
