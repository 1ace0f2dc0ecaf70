{{ keyed_record_dispositions('olist_category_translation') }}
