{{ config(
    materialized="incremental",
    incremental_strategy="merge_changes",
    unique_key=["rule_id", "score_date"],
    on_schema_change="append_new_columns",
    full_refresh=false,
) }}
{{ record_reads([], "whole") }}

-- A build adds the scores of the last complete day, and those of the days before stay as they were found.
with scores as (

    select *
    from {{ ref("dq_rule_scores") }}

),

final as (

    select
        rule_id,
        last_day as score_date,
        checked_rows,
        failed_rows,
        checked_money,
        failed_money,
        failed_share,
        score,
        weight,
        is_firing,
        {{ observed_at() }} as observed_at,
        sha2(to_json(struct(
            checked_rows, failed_rows, checked_money, failed_money, failed_share, weight, is_firing
        )), 256) as row_hash
    from scores

)

select * from final
