{%- set unit_en = ' ' ~ var('currency_en') if var('currency_en') else '' -%}
with features as (

    select * from {{ ref('int_customer_features') }}

),

lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

tags as (

    select * from {{ ref('customer_tags') }}

),

definitions as (

    select * from {{ ref('tag_definitions') }}

),

rules as (

    select * from {{ ref('tag_rules') }}

),

value_names as (

    select * from {{ ref('tag_value_names') }}

),

tiers as (

    select * from {{ ref('membership_tiers') }}

),

city_tier_names as (

    select
        city_tier,
        min(city_tier_zh) as city_tier_zh
    from {{ ref('city_tiers') }}
    group by city_tier

),

customer_count as (

    select count(*) as customers from lifecycle

),

-- Free values, such as a province or a product, are rare by nature; only words of a rule can be called telling.
worded as (

    select
        r.tag_code,
        r.tag_value,
        min(d.name_zh) || case when r.tag_value = 'yes' then '' else '：' || min(coalesce(n.name_zh, r.tag_value)) end as label_zh,
        min(d.name_en) || case when r.tag_value = 'yes' then '' else ': ' || r.tag_value end as label_en
    from rules as r
    inner join definitions as d on r.tag_code = d.tag_code
    left join value_names as n on r.tag_value = n.tag_value
    where r.tag_value <> '*'
    group by r.tag_code, r.tag_value

),

-- What few have tells most of a customer; what more than a quarter have tells little.
rarities as (

    select
        t.tag_code,
        t.tag_value,
        count(*) as holders
    from tags as t
    inner join worded as w on t.tag_code = w.tag_code and t.tag_value = w.tag_value
    group by t.tag_code, t.tag_value

),

telling as (

    select
        r.tag_code,
        r.tag_value,
        w.label_zh,
        w.label_en,
        row_number() over (order by r.holders asc, r.tag_code asc, r.tag_value asc) as rarity
    from rarities as r
    inner join worded as w on r.tag_code = w.tag_code and r.tag_value = w.tag_value
    cross join customer_count as c
    where r.holders <= {{ var('profile_telling_share') }} * c.customers

),

ranked_tags as (

    select
        t.customer_id,
        l.rarity,
        l.label_zh,
        l.label_en,
        row_number() over (partition by t.customer_id order by l.rarity asc) as tag_rank
    from tags as t
    inner join telling as l on t.tag_code = l.tag_code and t.tag_value = l.tag_value

),

top_tags as (

    select
        customer_id,
        {{ dbt.listagg(measure='label_zh', delimiter_text="'、'", order_by_clause='order by rarity asc') }} as top_tags_zh,
        {{ dbt.listagg(measure='label_en', delimiter_text="', '", order_by_clause='order by rarity asc') }} as top_tags
    from ranked_tags
    where tag_rank <= {{ var('profile_top_tags') }}
    group by customer_id

),

sensitive as (

    select distinct customer_id
    from tags
    where tag_code = 'discount_sensitive'

),

described as (

    select
        f.*,
        l.state as lifecycle_state,
        l.first_purchase_date,
        l.last_purchase_date,
        l.previous_state as earlier_state,
        r.rfm_score,
        r.r_score,
        r.f_score,
        r.m_score as monetary_score,
        r.average_order_value as mean_order,
        r.monetary as spent,
        c.registered_at,
        t.tier_zh,
        n.city_tier_zh,
        case when s.customer_id is not null then 1 else 0 end as is_sensitive,
        g.top_tags,
        g.top_tags_zh,
        case f.gender when 'female' then '女性' when 'male' then '男性' end as gender_zh,
        case f.gender when 'female' then 'woman' when 'male' then 'man' end as gender_en,
        -- 25-34 is written with the dash of a range, and ends in 岁.
        case
            when f.age_band like '%岁%' then f.age_band
            when f.age_band like 'under %' then {{ dbt.replace('f.age_band', "'under '", "''") }} || '岁以下'
            when f.age_band like '%+' then {{ dbt.replace('f.age_band', "'+'", "''") }} || '岁以上'
            else {{ dbt.replace('f.age_band', "'-'", "'–'") }} || '岁'
        end as age_zh,
        case
            when f.age_band like '%+' then {{ dbt.replace('f.age_band', "'+'", "''") }} || ' or older'
            else {{ dbt.replace('f.age_band', "'-'", "'–'") }}
        end as age_en,
        case
            when round(f.monthly_spend) >= 1 then cast(cast(round(f.monthly_spend) as bigint) as {{ dbt.type_string() }})
        end as monthly_amount
    from features as f
    inner join lifecycle as l on f.customer_id = l.customer_id
    inner join customers as c on f.customer_id = c.customer_id
    left join rfm as r on f.customer_id = r.customer_id
    left join tiers as t on f.tier = t.tier
    left join city_tier_names as n on f.city_tier = n.city_tier
    left join sensitive as s on f.customer_id = s.customer_id
    left join top_tags as g on f.customer_id = g.customer_id

),

-- Each part brings its separator, the first one is cut off: what is unknown leaves no gap.
composed as (

    select
        *,
        coalesce(' · ' || nullif(coalesce(age_zh, '') || coalesce(gender_zh, ''), ''), '')
        || coalesce(' · ' || city_tier_zh, '')
        || coalesce(' · 偏好' || top_category, '')
        || coalesce(' · 月均消费 ' || monthly_amount || ' {{ var("currency_zh") }}', '')
        || case when is_sensitive = 1 then ' · 促销敏感' else '' end
        || case when purchases = 0 then ' · 尚未购买' else '' end as line_zh,
        coalesce(
            ' · ' || case
                when gender_en is not null and age_en is not null then gender_en || ', ' || age_en
                when gender_en is not null then gender_en
                when age_en is not null then 'aged ' || age_en
            end,
            ''
        )
        || coalesce(' · ' || {{ dbt.replace('city_tier', "' tier'", "'-tier'") }} || ' city', '')
        || coalesce(' · prefers ' || top_category, '')
        || coalesce(' · spends ' || monthly_amount || '{{ unit_en }} a month', '')
        || case when is_sensitive = 1 then ' · responds to discounts' else '' end
        || case when purchases = 0 then ' · has not bought yet' else '' end as line_en
    from described

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(nullif(substring(line_zh, 4), '') as {{ dbt.type_string() }}) as profile_zh,
        cast(nullif(substring(line_en, 4), '') as {{ dbt.type_string() }}) as profile_en,
        cast(top_tags as {{ dbt.type_string() }}) as top_tags,
        cast(top_tags_zh as {{ dbt.type_string() }}) as top_tags_zh,
        cast(gender as {{ dbt.type_string() }}) as gender,
        cast(age_band as {{ dbt.type_string() }}) as age_band,
        cast(province as {{ dbt.type_string() }}) as province,
        cast(city as {{ dbt.type_string() }}) as city,
        cast(city_tier as {{ dbt.type_string() }}) as city_tier,
        cast(acquisition_channel as {{ dbt.type_string() }}) as acquisition_channel,
        cast(registered_at as date) as registered_on,
        cast(first_purchase_date as date) as first_purchase_date,
        cast(last_purchase_date as date) as last_purchase_date,
        cast(purchases as bigint) as purchases,
        cast(spent as decimal(18, 2)) as monetary,
        cast(mean_order as decimal(18, 2)) as average_order_value,
        cast(monthly_spend as decimal(18, 2)) as monthly_spend,
        cast(recency_days as bigint) as recency_days,
        cast(median_interval_days as double) as median_interval_days,
        cast(r_score as bigint) as r_score,
        cast(f_score as bigint) as f_score,
        cast(monetary_score as bigint) as m_score,
        cast(rfm_score as {{ dbt.type_string() }}) as rfm_score,
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(value_class as {{ dbt.type_string() }}) as value_class,
        cast(lifecycle_state as {{ dbt.type_string() }}) as lifecycle_state,
        cast(cycle_state as {{ dbt.type_string() }}) as cycle_state,
        cast(quadrant as {{ dbt.type_string() }}) as quadrant,
        cast(tier as {{ dbt.type_string() }}) as tier,
        cast(tier_zh as {{ dbt.type_string() }}) as tier_zh,
        cast(dominant_psychology as {{ dbt.type_string() }}) as dominant_psychology,
        cast(top_category as {{ dbt.type_string() }}) as top_category,
        cast(top_brand as {{ dbt.type_string() }}) as top_brand,
        cast(discount_share as double) as discount_share,
        cast(refund_share as double) as refund_share,
        cast(next_category as {{ dbt.type_string() }}) as next_category,
        cast(
            case
                when median_interval_days is not null
                    then {{ add_days('last_purchase_date', 'round(median_interval_days)') }}
            end as date
        ) as next_purchase_expected_on
    from composed

)

select * from final
