{{ headed_document_dispositions('shopify_orders') }}
