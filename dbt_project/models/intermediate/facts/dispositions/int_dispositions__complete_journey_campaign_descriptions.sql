{{ keyed_record_dispositions('complete_journey_campaign_descriptions') }}
