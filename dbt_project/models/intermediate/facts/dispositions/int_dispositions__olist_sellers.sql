{{ keyed_record_dispositions('olist_sellers') }}
