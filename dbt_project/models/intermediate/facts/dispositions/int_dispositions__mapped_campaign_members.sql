{{ keyed_record_dispositions('mapped_campaign_members') }}
