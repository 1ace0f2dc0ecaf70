{{ keyed_record_dispositions('mapped_product_costs') }}
