{{ keyed_record_dispositions('woocommerce_orders') }}
