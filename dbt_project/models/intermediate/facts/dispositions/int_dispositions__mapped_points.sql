{{ keyed_record_dispositions('mapped_points') }}
