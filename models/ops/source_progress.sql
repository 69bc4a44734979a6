-- The newest watermark the project has read from each source, and the last day that is complete by it.
with state as (

    select *
    from {{ ref("processing_state") }}
    where
        offset_kind = 'timestamp'
        and offset_timestamp is not null

),

final as (

    select
        source,
        task,
        offset_timestamp as newest_watermark,
        date_sub(cast(offset_timestamp as date), 1) as complete_through,
        committed_at
    from state
    qualify row_number() over (
        partition by source, task
        order by committed_at desc, offset_timestamp desc
    ) = 1

)

select * from final
