{{ keyed_record_dispositions('mapped_campaigns') }}
