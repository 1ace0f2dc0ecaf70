{{ keyed_record_dispositions('taobao_user_behavior') }}
