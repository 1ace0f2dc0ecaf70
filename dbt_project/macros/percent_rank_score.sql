{#-
  Scores from per-value counts: percent_rank = customers with a lower value / (customers - 1), so equal values always
  get equal scores and the window runs over distinct values, never over all customers.

  values: CTE with one row per distinct value (and `by`, where customers of several groups are scored apart) and its
  `customers`; returns value -> score between `lowest` and 5.
-#}
{% macro percent_rank_scores(distinct_values, value, lowest=1, descending=false, by=none) %}
    select
        {{ by ~ ',' if by }}
        {{ value }},
        least(
            5,
            {{ lowest }} + floor(
                {{ 6 - lowest }} * cast(lower_customers as double)
                / case when all_customers > 1 then all_customers - 1 else 1 end
            )
        ) as score
    from (
        select
            {{ by ~ ',' if by }}
            {{ value }},
            sum(customers) over (
                {{ 'partition by ' ~ by if by }}
                order by {{ value }}{{ " desc" if descending }}
                rows between unbounded preceding and current row
            ) - customers as lower_customers,
            sum(customers) over ({{ 'partition by ' ~ by if by }}) as all_customers
        from {{ distinct_values }}
    ) as ranked
{% endmacro %}
