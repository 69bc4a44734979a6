-- Two names of the same letters stand for one key, since word breaks do not count. A canonical key is a name
-- of its own.
with names as (

    select
        alias as name,
        tag_key
    from {{ ref("tag_key_aliases") }}
    union all
    select
        tag_key as name,
        tag_key
    from {{ ref("tag_taxonomy") }}

),

final as (

    select
        replace(name, '_', '') as letters,
        count(distinct tag_key) as tag_keys
    from names
    group by 1
    having count(distinct tag_key) > 1

)

select * from final
