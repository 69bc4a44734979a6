-- A policy asks for tags that facts carry as columns: others would be missing everywhere.
select
    policy_id,
    required.tag
from {{ ref("compute_policies") }}
    lateral view explode(split(allowed_values, '[|]')) required as tag
where
    rule = 'required_tags'
    and required.tag not in ('{{ tag_columns() | join("', '") }}')
