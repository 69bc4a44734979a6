select {{ dbt_utils.star(ref("numbers"), except=["N", "amount"]) }} from {{ ref("numbers") }}
