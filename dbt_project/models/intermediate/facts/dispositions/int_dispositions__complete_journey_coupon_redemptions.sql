{{ keyed_record_dispositions('complete_journey_coupon_redemptions') }}
