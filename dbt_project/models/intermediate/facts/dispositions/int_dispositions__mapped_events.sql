{{ keyed_record_dispositions('mapped_events') }}
