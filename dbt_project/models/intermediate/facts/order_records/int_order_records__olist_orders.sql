with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_olist__orders'), 'dispositions', 'olist_orders') }}
),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'olist'

),

-- The order goes where its customer id, which belongs to this order alone, lives.
customers as (

    select * from {{ ref('int_customer_records__olist_customers') }}

),

final as (

    select
        o.file_id,
        o.row_number,
        o.source,
        cast(null as {{ dbt.type_string() }}) as shop,
        o.source_order_id,
        o.source_customer_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        cast(null as {{ dbt.type_string() }}) as phone_key,
        cast(null as {{ dbt.type_string() }}) as name_address_key,
        o.ordered_at,
        o.paid_at,
        coalesce(s.status, 'paid') as exported_status,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as freight_amount,
        cast(0 as decimal(18, 2)) as paid_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        cast(null as decimal(18, 3)) as item_count,
        cast(null as {{ dbt.type_string() }}) as channel,
        'Brazil' as country,
        c.province,
        c.city,
        cast(null as {{ dbt.type_string() }}) as coupon_code
    from kept as o
    left join statuses as s on o.status_text = s.status_text
    left join customers as c on o.source_customer_id = c.source_customer_id

)

select * from final
