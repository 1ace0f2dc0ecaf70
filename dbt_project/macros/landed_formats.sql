{#-
  The formats that land rows. Everything that walks over formats (the unified models, dispositions, the bridge) takes
  them from here, so a new format is an entry here and its models.

  format          name of the format and of its raw table
  entities        what its rows become; a format with two (an order export whose rows are goods lines) feeds both
  staging         its staging model
  key             columns that name a record; without one, rows belong to documents and have no key of their own
  needed          further columns without which a row is no record: an event without its time, a refund without its amount
  example_ids     columns whose value begins with EXAMPLE in the example row of a template
  amount          its rows carry money that the bridge counts, in column `amount` of the staging model
  columns         what makes a removed row recognisable again, personal columns never among them
  text_is_public  none of the export's columns is personal, so the text of a broken row may leave the raw layer

  Given an entity, only the formats that feed it.
-#}
{% macro landed_formats(entity=none) %}
    {%- set formats = [
        {'format': 'complete_journey_transactions', 'entities': ['order_lines'],
         'staging': 'stg_complete_journey__transactions', 'amount': true, 'text_is_public': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'quantity', 'amount', 'ordered_at']},
        {'format': 'complete_journey_products', 'entities': ['products'],
         'staging': 'stg_complete_journey__products', 'key': ['source_product_id'], 'text_is_public': true,
         'columns': ['source_product_id', 'title', 'category', 'brand']},
        {'format': 'complete_journey_demographics', 'entities': ['customers'],
         'staging': 'stg_complete_journey__demographics', 'key': ['source_customer_id'],
         'columns': ['source_customer_id', 'age_band']},
        {'format': 'taobao_orders', 'entities': ['orders'],
         'staging': 'stg_taobao__orders', 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'status_text', 'amount', 'exported_paid_amount',
                     'refund_amount', 'ordered_at', 'paid_at']},
        {'format': 'taobao_order_lines', 'entities': ['order_lines'],
         'staging': 'stg_taobao__order_lines', 'amount': true,
         'columns': ['source_order_id', 'line_id', 'source_product_id', 'quantity', 'unit_price', 'amount']},
        {'format': 'online_retail', 'entities': ['order_lines'],
         'staging': 'stg_online_retail__lines', 'amount': true, 'text_is_public': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'product_title', 'quantity',
                     'unit_price', 'amount', 'ordered_at']},
        {'format': 'jd_orders', 'entities': ['orders', 'order_lines'],
         'staging': 'stg_jd__orders', 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'quantity', 'unit_price', 'order_amount',
                     'status_text', 'ordered_at']},
        {'format': 'shopify_orders', 'entities': ['orders', 'order_lines'],
         'staging': 'stg_shopify__orders', 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'quantity', 'unit_price', 'total_amount',
                     'financial_status', 'ordered_at']},
        {'format': 'woocommerce_orders', 'entities': ['orders'],
         'staging': 'stg_woocommerce__orders', 'key': ['source_order_id'], 'amount': true,
         'columns': ['source_order_id', 'status_text', 'amount', 'item_count', 'ordered_at']},
        {'format': 'taobao_refunds', 'entities': ['refunds'],
         'staging': 'stg_taobao__refunds', 'key': ['source', 'record_id'],
         'needed': ['source_order_id', 'amount'],
         'columns': ['record_id', 'source_order_id', 'amount', 'state', 'refunded_at']},
        {'format': 'taobao_shipments', 'entities': ['shipments'],
         'staging': 'stg_taobao__shipments', 'key': ['source', 'record_id'],
         'columns': ['source_order_id', 'tracking_number', 'carrier', 'shipped_at']},
        {'format': 'mapped_refunds', 'entities': ['refunds'],
         'staging': 'stg_mapped__refunds', 'key': ['source', 'record_id'],
         'needed': ['source_order_id', 'amount'], 'example_ids': ['record_id', 'source_order_id'],
         'columns': ['source', 'record_id', 'source_order_id', 'amount', 'state', 'refunded_at']},
        {'format': 'olist_orders', 'entities': ['orders'],
         'staging': 'stg_olist__orders', 'key': ['source_order_id'], 'text_is_public': true,
         'columns': ['source_order_id', 'source_customer_id', 'status_text', 'ordered_at']},
        {'format': 'olist_order_items', 'entities': ['order_lines'],
         'staging': 'stg_olist__order_items', 'key': ['source_order_id', 'line_id'],
         'needed': ['unit_price', 'freight_amount'], 'amount': true, 'text_is_public': true,
         'columns': ['source_order_id', 'line_id', 'source_product_id', 'unit_price', 'freight_amount', 'amount']},
        {'format': 'olist_customers', 'entities': ['customers'],
         'staging': 'stg_olist__customers', 'key': ['source_customer_id'],
         'columns': ['source_customer_id', 'person_id', 'city', 'province']},
        {'format': 'olist_payments', 'entities': ['payments'],
         'staging': 'stg_olist__payments', 'key': ['source_order_id', 'payment_number'],
         'needed': ['payment_amount'], 'text_is_public': true,
         'columns': ['source_order_id', 'payment_number', 'payment_type', 'payment_amount']},
        {'format': 'olist_products', 'entities': ['products'],
         'staging': 'stg_olist__products', 'key': ['source_product_id'], 'text_is_public': true,
         'columns': ['source_product_id', 'source_category']},
        {'format': 'olist_category_translation', 'entities': ['category_names'],
         'staging': 'stg_olist__category_translation', 'key': ['source_category'], 'text_is_public': true,
         'columns': ['source_category', 'category']},
        {'format': 'olist_reviews', 'entities': ['reviews'],
         'staging': 'stg_olist__reviews', 'key': ['source', 'record_id', 'source_order_id'],
         'columns': ['record_id', 'source_order_id', 'rating', 'reviewed_at']},
        {'format': 'olist_sellers', 'entities': ['sellers'],
         'staging': 'stg_olist__sellers', 'key': ['seller_id'],
         'columns': ['seller_id', 'city', 'province']},
        {'format': 'olist_geolocation', 'entities': ['places'],
         'staging': 'stg_olist__geolocation', 'key': ['record_id'], 'text_is_public': true,
         'columns': ['zip_code_prefix', 'latitude', 'longitude', 'city', 'province']},
        {'format': 'mapped_reviews', 'entities': ['reviews'],
         'staging': 'stg_mapped__reviews', 'key': ['source', 'record_id'],
         'example_ids': ['record_id', 'source_order_id', 'source_product_id', 'source_customer_id'],
         'columns': ['source', 'record_id', 'source_order_id', 'source_product_id', 'rating', 'reviewed_at']},
        {'format': 'complete_journey_campaigns', 'entities': ['campaign_members'],
         'staging': 'stg_complete_journey__campaigns', 'key': ['source_campaign_id', 'source_customer_id'],
         'text_is_public': true, 'columns': ['source_campaign_id', 'source_customer_id']},
        {'format': 'complete_journey_campaign_descriptions', 'entities': ['campaigns'],
         'staging': 'stg_complete_journey__campaign_descriptions', 'key': ['source_campaign_id'], 'text_is_public': true,
         'columns': ['source_campaign_id', 'campaign_type', 'started_at', 'ended_at']},
        {'format': 'complete_journey_coupons', 'entities': ['coupons'],
         'staging': 'stg_complete_journey__coupons', 'key': ['record_id'], 'text_is_public': true,
         'columns': ['source_coupon_id', 'source_campaign_id', 'source_product_id']},
        {'format': 'complete_journey_coupon_redemptions', 'entities': ['coupon_redemptions'],
         'staging': 'stg_complete_journey__coupon_redemptions', 'key': ['record_id'],
         'needed': ['source_coupon_id'], 'text_is_public': true,
         'columns': ['source_coupon_id', 'source_campaign_id', 'source_customer_id', 'redeemed_at']},
        {'format': 'taobao_user_behavior', 'entities': ['events'],
         'staging': 'stg_taobao__user_behavior', 'key': ['source', 'record_id'],
         'needed': ['event_type', 'event_at'],
         'columns': ['source_customer_id', 'source_product_id', 'event_type', 'event_at']},
        {'format': 'mapped_campaigns', 'entities': ['campaigns'],
         'staging': 'stg_mapped__campaigns', 'key': ['source', 'source_campaign_id'], 'example_ids': ['source_campaign_id'],
         'columns': ['source', 'source_campaign_id', 'campaign_name', 'started_at', 'ended_at']},
        {'format': 'mapped_campaign_members', 'entities': ['campaign_members'],
         'staging': 'stg_mapped__campaign_members',
         'key': ['source', 'source_campaign_id', 'source_customer_id', 'variant_key'],
         'example_ids': ['source_campaign_id', 'source_customer_id'],
         'columns': ['source', 'source_campaign_id', 'source_customer_id', 'variant', 'reached_at']},
        {'format': 'mapped_coupons', 'entities': ['coupons'],
         'staging': 'stg_mapped__coupons', 'key': ['source', 'record_id'],
         'example_ids': ['source_coupon_id', 'source_campaign_id', 'source_product_id'],
         'columns': ['source', 'source_coupon_id', 'source_campaign_id', 'source_product_id']},
        {'format': 'mapped_coupon_redemptions', 'entities': ['coupon_redemptions'],
         'staging': 'stg_mapped__coupon_redemptions', 'key': ['source', 'record_id'],
         'needed': ['source_coupon_id'],
         'example_ids': ['source_coupon_id', 'source_campaign_id', 'source_customer_id', 'source_order_id'],
         'columns': ['source', 'source_coupon_id', 'source_customer_id', 'source_order_id', 'redeemed_at']},
        {'format': 'mapped_referrals', 'entities': ['referrals'],
         'staging': 'stg_mapped__referrals', 'key': ['source', 'source_referrer_id', 'source_customer_id'],
         'example_ids': ['source_referrer_id', 'source_customer_id'],
         'columns': ['source', 'source_referrer_id', 'source_customer_id', 'referred_at']},
        {'format': 'mapped_opt_outs', 'entities': ['opt_outs'],
         'staging': 'stg_mapped__opt_outs', 'key': ['source', 'record_id'], 'example_ids': ['source_customer_id'],
         'columns': ['source', 'source_customer_id', 'channel', 'opted_out_at', 'opted_in_at']},
        {'format': 'mapped_points', 'entities': ['points'],
         'staging': 'stg_mapped__points', 'key': ['source', 'record_id'],
         'needed': ['source_customer_id', 'points', 'posted_at'],
         'example_ids': ['record_id', 'source_customer_id', 'source_order_id'],
         'columns': ['source', 'record_id', 'source_customer_id', 'points', 'posted_at']},
        {'format': 'mapped_product_costs', 'entities': ['product_costs'],
         'staging': 'stg_mapped__product_costs', 'key': ['source', 'record_id'],
         'needed': ['unit_cost'], 'example_ids': ['source_product_id'],
         'columns': ['source', 'source_product_id', 'unit_cost', 'valid_from', 'valid_to']},
        {'format': 'mapped_events', 'entities': ['events'],
         'staging': 'stg_mapped__events', 'key': ['source', 'record_id'],
         'needed': ['event_type', 'event_at'],
         'example_ids': ['record_id', 'source_customer_id', 'source_product_id', 'session_id'],
         'columns': ['source', 'record_id', 'source_customer_id', 'source_product_id', 'event_type', 'event_at']},
        {'format': 'mapped_orders', 'entities': ['orders'],
         'staging': 'stg_mapped__orders', 'key': ['source', 'source_order_id'], 'amount': true,
         'example_ids': ['source_order_id'],
         'columns': ['source', 'source_order_id', 'source_customer_id', 'status', 'amount', 'paid_amount',
                     'refunded_amount', 'ordered_at']},
        {'format': 'mapped_order_lines', 'entities': ['order_lines'],
         'staging': 'stg_mapped__order_lines', 'amount': true,
         'example_ids': ['source_order_id', 'source_product_id'],
         'columns': ['source', 'source_order_id', 'line_id', 'source_product_id', 'quantity', 'unit_price', 'amount',
                     'ordered_at']},
        {'format': 'mapped_customers', 'entities': ['customers'],
         'staging': 'stg_mapped__customers', 'key': ['source', 'source_customer_id'],
         'example_ids': ['source_customer_id'],
         'columns': ['source', 'source_customer_id', 'gender', 'birth_date', 'registered_at']},
        {'format': 'mapped_products', 'entities': ['products'],
         'staging': 'stg_mapped__products', 'key': ['source', 'source_product_id'],
         'example_ids': ['source_product_id'],
         'columns': ['source', 'source_product_id', 'title', 'category', 'list_price', 'unit_cost']},
    ] -%}
    {%- set found = [] -%}
    {%- for landed in formats if entity is none or entity in landed.entities -%}
        {%- do found.append(landed) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- The entry of one format. -#}
{% macro landed_format(format) %}
    {{ return(landed_formats() | selectattr('format', 'equalto', format) | first) }}
{% endmacro %}

{#- The model that holds all kept rows of an entity, with the format, file and row they came from. -#}
{% macro unified_models() %}
    {{ return({
        'orders': 'int_order_records',
        'order_lines': 'int_order_lines',
        'customers': 'int_customer_records',
        'products': 'int_product_records',
        'events': 'int_events',
        'product_costs': 'int_product_costs',
        'points': 'int_points_entries',
        'referrals': 'int_referral_records',
        'opt_outs': 'int_opt_outs',
        'coupon_redemptions': 'int_coupon_redemptions',
        'coupons': 'int_coupons',
        'campaign_members': 'int_campaign_members',
        'campaigns': 'int_campaigns',
        'places': 'int_places',
        'sellers': 'int_sellers',
        'reviews': 'int_reviews',
        'category_names': 'int_category_names',
        'payments': 'int_payments',
        'shipments': 'int_shipments',
        'refunds': 'int_refunds',
    }) }}
{% endmacro %}

{#- The entities whose rows carry no money into the facts. -#}
{% macro entities_without_money() %}
    {{ return(unified_models().keys() | reject('in', ['orders', 'order_lines']) | list) }}
{% endmacro %}
