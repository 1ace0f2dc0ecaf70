{{ keyed_record_dispositions('olist_order_items') }}
