-- Two names of the same letters stand for one key, since word breaks do not count.
select
    replace(alias, '_', '') as letters,
    count(distinct tag_key) as tag_keys
from {{ ref("tag_key_aliases") }}
group by 1
having count(distinct tag_key) > 1
