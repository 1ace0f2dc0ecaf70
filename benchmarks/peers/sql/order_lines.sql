-- Read, clean and type the columns that are used; the text of products is kept here and in its dimension only.
select
    l."子订单编号" as line_id,
    case
        when starts_with(l."主订单编号", '=') then substring(l."主订单编号", 3, length(l."主订单编号") - 3)
        when not contains(l."主订单编号", 'E+') then l."主订单编号"
    end as order_id,
    l."主订单编号" is not null and contains(l."主订单编号", 'E+') as is_unreadable,
    l."买家会员名" as customer_id,
    l."店铺名称" as shop,
    l."标题" as title,
    l."外部系统编号" as product_id,
    l."商品类目" as category,
    case l."订单状态"
        when '交易成功' then 'completed'
        when '卖家已发货' then 'shipped'
        when '买家已付款' then 'paid'
        when '等待买家付款' then 'unpaid'
        when '交易关闭' then 'cancelled'
    end as status,
    try_cast(l."购买数量" as decimal(18, 3)) as quantity,
    try_cast(l."价格" as decimal(18, 4)) as unit_price,
    try_cast(rtrim(l."买家应付货款", '元') as decimal(18, 2)) as gross_amount,
    coalesce(try_cast(l."优惠" as decimal(18, 2)), 0) as discount_amount,
    coalesce(try_cast(l."应付邮费" as decimal(18, 2)), 0) as freight_amount,
    -- 无退款申请 where no refund was asked for.
    coalesce(try_cast(l."退款金额" as decimal(18, 2)), 0) as refunded_amount,
    try_cast(l."订单创建时间" as timestamp) as ordered_at
from @input as l
