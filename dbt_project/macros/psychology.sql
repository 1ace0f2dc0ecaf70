{#-
  What may speak for a psychology: psychology, feature, and how the feature is computed from int_purchase_traits. Weights
  and bounds stand in the seed psychology_rules; a pair without a row there does not count.
-#}
{% macro psychology_features() %}
    {{ return([
        ('face', 'gift_product_share', share_of('gift_products', 'titled_products')),
        ('face', 'gift_season_share', share_of('in_gift_season', 'purchase_number')),
        ('face', 'gift_season_upper_share', share_of('gift_season_upper_products', 'gift_season_priced_products')),
        ('herd', 'popular_share', share_of('popular_products', 'products')),
        ('herd', 'praised_share', share_of('praised_products', 'rated_products')),
        ('authority', 'leading_brand_share', share_of('leading_brand_products', 'branded_products')),
        ('authority', 'official_word_share', share_of('official_products', 'titled_products')),
        ('bargain', 'discount_rate', share_of('discount_amount', 'before_discount_amount')),
        ('bargain', 'discounted_share', share_of('discounted', 'discount_known')),
        ('bargain', 'coupon_share', share_of('coupon_used', 'coupon_known')),
        ('bargain', 'sale_season_share', share_of('in_sale_season', 'purchase_number')),
        ('fickle', 'new_product_share', '1 - ' ~ share_of('repeated_products', 'later_products')),
        (
            'fickle', 'new_category_share',
            share_of('later_purchases_in_new_category', 'later_purchases_with_category')
        ),
        ('price-anchored', 'price_spread', price_spread()),
        ('price-anchored', 'same_level_share', share_of('same_level_prices', 'compared_prices')),
        ('show-off', 'top_price_share', share_of('top_priced_products', 'priced_products')),
        ('show-off', 'big_basket_share', share_of('big_baskets', 'purchase_number')),
        ('show-off', 'premium_word_share', share_of('premium_products', 'titled_products')),
        ('grassroots', 'low_price_share', share_of('low_priced_products', 'priced_products')),
        ('grassroots', 'small_basket_share', share_of('small_baskets', 'purchase_number')),
        ('keeping-up', 'higher_price_share', share_of('higher_prices', 'compared_prices')),
        ('keeping-up', 'popular_upper_share', share_of('popular_upper_products', 'products')),
        ('keeping-up', 'new_arrival_share', share_of('new_arrival_products', 'arrival_known_products')),
        ('convenience', 'repeated_product_share', share_of('repeated_products', 'later_products')),
        ('convenience', 'same_hour_share', share_of('same_hour', 'hour_compared')),
        ('convenience', 'mobile_share', share_of('mobile', 'channel_known')),
        ('convenience', 'products_viewed', share_of('viewed_products', 'viewing_purchases')),
    ]) }}
{% endmacro %}

{#- The ten in the order of the seed psychologies, which decides between equal affinities. -#}
{% macro psychology_codes() %}
    {{ return([
        'face', 'herd', 'authority', 'bargain', 'fickle', 'price-anchored', 'show-off', 'grassroots', 'keeping-up',
        'convenience',
    ]) }}
{% endmacro %}

{#- The column that holds the affinity of a psychology. -#}
{% macro affinity_column(psychology) %}{{ return(psychology | replace('-', '_') ~ '_affinity') }}{% endmacro %}

{% macro share_of(part, whole) %}{{ return('cast(' ~ part ~ ' as double) / nullif(' ~ whole ~ ', 0)') }}{% endmacro %}

{#- Standard deviation of the price positions of a customer's purchases; one purchase has none. -#}
{% macro price_spread() %}
    {{ return(
        'case when positioned_purchases > 1 then sqrt(greatest(0, '
        ~ 'cast(squared_positions as double) / positioned_purchases '
        ~ '- power(cast(positions as double) / positioned_purchases, 2))) end'
    ) }}
{% endmacro %}

{#- One row with the rules of the seed as columns `<feature>__weight`, `…__zero_at`, so that a million customers are
    judged in one pass and never multiplied by the rules. -#}
{% macro psychology_parameters(rules) %}
    select
        {% for psychology, feature, value in psychology_features() -%}
        {% set outer_last = loop.last -%}
        {% for parameter in ['weight', 'zero_at', 'one_at', 'is_required', 'needs_repeat', 'input'] -%}
        max(
            case when psychology = '{{ psychology }}' and feature = '{{ feature }}'
                then {{ 'case when ' ~ parameter ~ ' then 1 else 0 end' if parameter in ['is_required', 'needs_repeat'] else parameter }}
            end
        ) as {{ feature }}__{{ parameter }}{{ "," if not (outer_last and loop.last) }}
        {% endfor -%}
        {% endfor -%}
    from {{ rules }}
{% endmacro %}
