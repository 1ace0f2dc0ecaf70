{{ keyed_record_dispositions('mapped_opt_outs') }}
