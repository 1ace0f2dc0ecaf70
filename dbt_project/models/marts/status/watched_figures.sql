with figures as (

    select * from {{ ref('int_figures_by_night') }}

),

thresholds as (

    select * from {{ ref('watch_thresholds') }}

),

held as (

    select
        as_of_date,
        subject,
        value,
        lag(as_of_date) over (partition by subject order by as_of_date) as previous_date,
        lag(value) over (partition by subject order by as_of_date) as previous_value
    from figures
    where measure = 'rows_held'

),

-- What files of a format brought since the night before, a day. The first night brought the whole past, which is no night's
-- worth; a night that brought nothing is late (mart_status.late_sources), and not compared.
landed as (

    select
        as_of_date,
        'rows_landed' as measure,
        subject,
        (value - previous_value) / {{ days_between('previous_date', 'as_of_date') }} as value,
        (value - previous_value) / {{ days_between('previous_date', 'as_of_date') }} as base
    from held
    where value > previous_value

),

levels as (

    select
        as_of_date,
        measure,
        subject,
        value,
        base
    from figures
    where measure <> 'customers'

    union all

    select
        as_of_date,
        measure,
        subject,
        value,
        base
    from landed

),

level_changes as (

    select
        as_of_date,
        measure,
        subject,
        value,
        base,
        lag(as_of_date) over (partition by measure, subject order by as_of_date) as compared_with_date,
        lag(value) over (partition by measure, subject order by as_of_date) as value_before,
        lag(base) over (partition by measure, subject order by as_of_date) as base_before
    from levels

),

labels as (

    select
        as_of_date,
        subject,
        part,
        value,
        base
    from figures
    where measure = 'customers'

),

totals as (

    select
        as_of_date,
        subject,
        max(base) as customers
    from labels
    group by as_of_date, subject

),

comparisons as (

    select
        'shift_overnight' as measure,
        n.as_of_date,
        n.subject,
        max(b.as_of_date) as compared_with_date
    from totals as n
    left join totals as b on n.subject = b.subject and n.as_of_date > b.as_of_date
    group by n.as_of_date, n.subject

    union all

    select
        'shift_in_a_month' as measure,
        n.as_of_date,
        n.subject,
        max(b.as_of_date) as compared_with_date
    from totals as n
    left join totals as b
        on n.subject = b.subject and {{ days_between('b.as_of_date', 'n.as_of_date') }} >= 30
    group by n.as_of_date, n.subject

),

parts as (

    select distinct
        subject,
        part
    from labels

),

-- A label that nobody has counts as half a customer: the logarithm of nothing is none.
shares as (

    select
        c.measure,
        c.as_of_date,
        c.subject,
        c.compared_with_date,
        n.customers,
        b.customers as customers_before,
        cast(coalesce(l.value, 0.5) as double) / n.customers as share_now,
        cast(coalesce(e.value, 0.5) as double) / b.customers as share_before
    from comparisons as c
    inner join parts as p on c.subject = p.subject
    inner join totals as n on c.subject = n.subject and c.as_of_date = n.as_of_date
    left join totals as b on c.subject = b.subject and c.compared_with_date = b.as_of_date
    left join labels as l on c.subject = l.subject and p.part = l.part and c.as_of_date = l.as_of_date
    left join labels as e on c.subject = e.subject and p.part = e.part and c.compared_with_date = e.as_of_date
    where l.value is not null or e.value is not null

),

shifts as (

    select
        as_of_date,
        measure,
        subject,
        max(customers) as value,
        max(customers) as base,
        max(compared_with_date) as compared_with_date,
        max(customers_before) as value_before,
        max(customers_before) as base_before,
        -- A sum of doubles depends on the order of its rows beyond the sixth digit.
        round(sum((share_now - share_before) * ln(share_now / share_before)), 6) as stability_index
    from shares
    group by as_of_date, measure, subject

),

compared as (

    select
        as_of_date,
        measure,
        subject,
        value,
        base,
        compared_with_date,
        value_before,
        base_before,
        cast(null as double) as stability_index
    from level_changes

    union all

    select
        as_of_date,
        measure,
        subject,
        value,
        base,
        compared_with_date,
        value_before,
        base_before,
        stability_index
    from shifts

),

changes as (

    select
        c.*,
        t.kind,
        t.warns_on,
        t.threshold,
        round(
            case t.kind
                when 'share' then c.value - c.value_before
                when 'distribution' then c.stability_index
                else c.value / nullif(c.value_before, 0) - 1
            end, 6
        ) as change,
        case when t.kind = 'count' then c.base_before else least(c.base, c.base_before) end >= t.minimum as is_enough
    from compared as c
    inner join thresholds as t on c.measure = t.measure

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(measure as {{ dbt.type_string() }}) as measure,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(kind as {{ dbt.type_string() }}) as kind,
        cast(value as double) as value,
        cast(compared_with_date as date) as compared_with_date,
        cast(value_before as double) as value_before,
        cast(case when kind <> 'distribution' then change end as double) as change,
        cast(stability_index as double) as stability_index,
        cast(threshold as double) as threshold,
        cast(warns_on as {{ dbt.type_string() }}) as warns_on,
        cast(
            coalesce(
                is_enough
                and (
                    (warns_on in ('fall', 'either') and change <= -threshold)
                    or (warns_on in ('rise', 'either') and change >= threshold)
                ),
                false
            ) as boolean
        ) as is_warning
    from changes

)

select * from final
