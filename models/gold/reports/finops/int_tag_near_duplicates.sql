{#- Values as long as this may differ by one letter, or two, and still be taken for one. -#}
{%- set one_letter_from = 5 %}
{%- set two_letters_from = 10 %}
with tag_values as (

    select *
    from {{ ref("int_tag_values") }}
    where is_known_key and letters <> ''

),

-- The spelling that most money is on stands for all that have the same letters.
spellings as (

    select
        tag_values.*,
        first_value(tag_value) over (
            partition by tag_key, currency_code, letters
            order by coalesce(list_cost, 0) desc, record_count desc, tag_value
        ) as main_spelling,
        sum(coalesce(list_cost, 0)) over (partition by tag_key, currency_code, letters) as letters_list_cost
    from tag_values

),

words as (

    select distinct
        tag_key,
        currency_code,
        letters,
        main_spelling,
        letters_list_cost,
        -- CC-1010 and CC-1020 are no slip of the pen: digits must agree.
        regexp_replace(letters, '[^0-9]', '') as digits
    from spellings

),

-- Two words may be one where they begin alike: only such are compared.
similar as (

    select
        words.tag_key,
        words.currency_code,
        words.letters,
        others.main_spelling as suggested_value,
        case
            when
                levenshtein(words.letters, others.letters)
                <= if(
                    least(length(words.letters), length(others.letters)) >= {{ two_letters_from }}, 2,
                    if(least(length(words.letters), length(others.letters)) >= {{ one_letter_from }}, 1, 0)
                )
                then 'misspelled'
            -- Fin and Finance, but not claims and claims load: the longer one goes on within the word.
            when
                length(words.letters) >= 3
                and startswith(others.letters, words.letters)
                and regexp_like(
                    substring(lower(trim(others.main_spelling)), length(words.letters) + 1, 1), '^\\p{L}'
                )
                and startswith(lower(trim(others.main_spelling)), words.letters)
                then 'abbreviated'
        end as kind,
        others.letters_list_cost
    from words
    inner join words as others
        on
            words.tag_key = others.tag_key
            and words.currency_code = others.currency_code
            and left(words.letters, 1) = left(others.letters, 1)
            and words.digits = others.digits
            and words.letters <> others.letters
    where struct(others.letters_list_cost, others.letters) > struct(words.letters_list_cost, words.letters)

),

suggestions as (

    select
        tag_key,
        currency_code,
        letters,
        max_by(suggested_value, letters_list_cost) as suggested_value,
        max_by(kind, letters_list_cost) as kind
    from similar
    where kind is not null
    group by tag_key, currency_code, letters

),

final as (

    select
        spellings.tag_key,
        spellings.tag_value,
        spellings.currency_code,
        if(suggestions.kind is null, 'same_letters', suggestions.kind) as similarity,
        coalesce(suggestions.suggested_value, spellings.main_spelling) as suggested_value,
        spellings.list_cost,
        spellings.record_count,
        spellings.workspace_ids,
        spellings.first_date_key,
        spellings.last_date_key
    from spellings
    left join suggestions
        on
            spellings.tag_key = suggestions.tag_key
            and spellings.currency_code = suggestions.currency_code
            and spellings.letters = suggestions.letters
    where spellings.tag_value <> spellings.main_spelling or suggestions.kind is not null

)

select * from final
