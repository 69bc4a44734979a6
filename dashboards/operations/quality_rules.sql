select
    rule_id,
    layer,
    table_name,
    description,
    owner,
    severity,
    score,
    previous_score,
    checked_rows,
    failed_rows,
    failed_money,
    is_firing,
    firing_since
from {{ ref("rpt_data_quality_score") }}
where scope = 'rule'
order by is_firing desc, score, failed_rows desc
