select {{ dbt_utils.star(from=ref("numbers"), relation_alias="it") }} from {{ ref("numbers") }} as it
