with backtest as (

    select * from {{ ref('int_prediction_backtest') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(b.fitted_as_of as date) as fitted_as_of,
        cast(b.window_from as date) as window_from,
        cast(b.window_to as date) as window_to,
        cast(b.model as {{ dbt.type_string() }}) as model,
        cast(b.tenth as bigint) as tenth,
        cast(b.customers as bigint) as customers,
        cast(b.expected_purchases as double) as expected_purchases,
        cast(b.actual_purchases as double) as actual_purchases,
        cast(b.expected_buyer_share as double) as expected_buyer_share,
        cast(b.actual_buyer_share as double) as actual_buyer_share,
        cast(b.mean_absolute_error as double) as mean_absolute_error,
        cast(b.auc as double) as auc
    from backtest as b
    cross join as_of as a

)

select * from final
