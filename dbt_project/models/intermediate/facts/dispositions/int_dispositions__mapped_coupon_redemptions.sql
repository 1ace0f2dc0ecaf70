{{ keyed_record_dispositions('mapped_coupon_redemptions') }}
