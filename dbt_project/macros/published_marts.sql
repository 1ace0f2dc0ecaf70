{#- The published marts and the inputs each needs; mart_status says of a shop which are missing. -#}
{% macro published_marts() %}
    {{ return([
        ('fct_orders', ['orders']),
        ('fct_order_items', ['order_lines']),
        ('fct_reviews', ['reviews']),
        ('fct_events', ['events']),
        ('fct_refunds', ['refunds']),
        ('dim_customers', ['customer_ids']),
        ('dim_products', ['order_lines', 'products']),
        ('customer_rfm', ['orders', 'customer_ids']),
        ('customer_lifecycle', ['orders', 'customer_ids']),
        ('customer_value_quadrant', ['orders', 'customer_ids']),
        ('cut_point_history', ['orders', 'customer_ids']),
        ('customer_tags', ['orders', 'customer_ids', 'customer_attributes', 'order_lines', 'products', 'discounts']),
        ('tag_definitions', []),
        ('identity_sensitivity', ['orders', 'customer_ids', 'contacts']),
        ('identity_segment_changes', ['orders', 'customer_ids', 'contacts']),
        ('identity_shared_contacts', ['contacts']),
        ('loyalty_funnel', ['orders', 'customer_ids']),
        ('retention_cohorts', ['orders', 'customer_ids']),
        ('growth_daily', ['orders', 'customer_ids', 'referrals']),
        ('row_dispositions', []),
        ('gmv_bridge', []),
        ('ingested_files', []),
        ('restatements', []),
        ('source_figures', []),
    ]) }}
{% endmacro %}
