{{ headed_document_dispositions('jd_orders', has_memo=true) }}
