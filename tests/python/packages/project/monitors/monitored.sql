select n, amount, current_timestamp() as happened_at
from {{ ref("numbers") }}
