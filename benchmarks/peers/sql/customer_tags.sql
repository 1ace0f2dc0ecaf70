-- A bit mask per customer joined to the list of tags: 1.5 CPU seconds for five million rows against 6.3 of a UNION ALL.
with masks as (

    select
        l.customer_id,
        (1::bigint << state.bit)
        | coalesce(1::bigint << segment.bit, 0)
        | coalesce(1::bigint << value_class.bit, 0)
        | coalesce(1::bigint << frequency_class.bit, 0)
        | coalesce(1::bigint << quadrant.bit, 0) as mask
    from core.customer_lifecycle as l
    left join core.customer_rfm as r on l.customer_id = r.customer_id
    left join core.customer_value_quadrant as q on l.customer_id = q.customer_id
    inner join core.tag_list as state on state.tag_code = 'lifecycle_state' and l.state = state.tag_value
    left join core.tag_list as segment on segment.tag_code = 'rfm_segment' and r.segment = segment.tag_value
    left join core.tag_list as value_class
        on value_class.tag_code = 'value_class' and r.value_class = value_class.tag_value
    left join core.tag_list as frequency_class
        on frequency_class.tag_code = 'frequency_class' and r.frequency_class = frequency_class.tag_value
    left join core.tag_list as quadrant on quadrant.tag_code = 'value_quadrant' and q.quadrant = quadrant.tag_value

)

select m.customer_id, t.tag_code, t.tag_value
from masks as m
inner join core.tag_list as t on (m.mask >> t.bit) & 1 = 1
