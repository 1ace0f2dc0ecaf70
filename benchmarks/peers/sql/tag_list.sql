-- Every tag and the bit that stands for it.
select t.tag_code, t.tag_value, row_number() over (order by t.tag_code, t.tag_value) - 1 as bit
from (
    select 'rfm_segment' as tag_code, g.segment as tag_value from @segments as g
    union all
    select 'value_class' as tag_code, v.value_class as tag_value from @value_classes as v
    union all
    select 'frequency_class' as tag_code, f.tag_value from (values ('1'), ('2'), ('3'), ('4+')) as f (tag_value)
    union all
    select 'value_quadrant' as tag_code, q.tag_value
    from (values ('premium'), ('potential'), ('problem'), ('pending')) as q (tag_value)
    union all
    select 'lifecycle_state' as tag_code, l.tag_value
    from (
        values ('prospect'), ('new'), ('active'), ('silent'), ('sleeping'), ('churned'), ('reactivated')
    ) as l (tag_value)
) as t
