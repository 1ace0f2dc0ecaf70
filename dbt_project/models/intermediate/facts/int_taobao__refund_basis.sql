with orders as (

    select * from {{ ref('stg_taobao__orders') }}

),

-- Among orders with money sent back, paid + refund = total says that the export's paid amount is already net;
-- paid = total says that it is not. Each file tells for itself.
votes as (

    select
        file_id,
        sum(
            case
                when refund_amount > 0 and abs(exported_paid_amount + refund_amount - amount) < 0.005 then 1
                else 0
            end
        ) as net_votes,
        sum(
            case
                when refund_amount > 0 and abs(exported_paid_amount - amount) < 0.005 then 1
                else 0
            end
        ) as gross_votes
    from orders
    where not is_unreadable
    group by file_id

)

select
    file_id,
    net_votes,
    gross_votes,
    net_votes > gross_votes as is_paid_amount_net
from votes
