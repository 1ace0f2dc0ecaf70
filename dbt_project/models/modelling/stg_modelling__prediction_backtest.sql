with source as (

    select * from {{ source('modelling', 'prediction_backtest') }}

)

select
    fitted_as_of,
    window_from,
    window_to,
    model,
    tenth,
    customers,
    expected_purchases,
    actual_purchases,
    expected_buyer_share,
    actual_buyer_share,
    mean_absolute_error,
    auc
from source
