{{ keyed_record_dispositions('taobao_shipments') }}
