select
    score,
    previous_score,
    checked_rows,
    failed_rows
from {{ ref("rpt_data_quality_score") }}
where scope = 'overall'
