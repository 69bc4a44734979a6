with final as (

    select
        workspace_id,
        max_by(workspace_name, valid_from) as workspace_name
    from {{ ref("dim_workspace") }}
    group by workspace_id

)

select * from final
