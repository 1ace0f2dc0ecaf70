{#
  How a raw value is cleaned, for every format: the one place of these rules.

  The loader renders these macros with plain Jinja and dbt calls the same ones, so nothing here
  may use what only dbt has. Each takes the name of a varchar column (it is repeated inside, so
  give a column, not a long expression). `*_text` macros trim and find what means "nothing
  here"; the others take that text and give the typed value, or NULL when it does not parse.
#}

{# Spaces that exports really contain: tab and newlines, no-break, full-width, zero-width, BOM. #}
{%- macro _spaces() -%}
' {{ "\t\r\n\u00a0\u3000\u200b\ufeff" }}'
{%- endmacro -%}

{#
  Full-width digits and signs, as typed with a Chinese keyboard, become their ASCII form. Text that is ASCII (as many bytes
  as characters) is left alone: translating costs fifty times as much as looking.
#}
{%- macro _half_width(text) -%}
case
    when bit_length({{ text }}) = 8 * length({{ text }}) then {{ text }}
    else translate({{ text }}, '０１２３４５６７８９．，－＋（）￥＄￡：／＃　', '0123456789.,-+()¥$£:/# ')
end
{%- endmacro -%}

{# A regular expression, because DuckDB turns a long IN list into a join over all rows. #}
{%- macro _null_words(text) -%}
case
    when length({{ text }}) > 4 then {{ text }}
    when regexp_full_match({{ text }}, '(?i)(|null|none|nan|#?n/a|--?)') then null
    else {{ text }}
end
{%- endmacro -%}

{#
  Trimming against a set of characters costs ten times the rest, so it is left to values whose
  first or last character is not plainly ASCII or Chinese (1,100 ns a value became 170).
#}
{%- macro clean_text(value) -%}
case
    when (unicode({{ value }}) between 33 and 126 or unicode({{ value }}) between 19968 and 40959)
        and (
            unicode(right({{ value }}, 1)) between 33 and 126
            or unicode(right({{ value }}, 1)) between 19968 and 40959
        )
    then {{ _null_words(value) }}
    else {{ _null_words("trim(" ~ value ~ ", " ~ _spaces() ~ ")") }}
end
{%- endmacro -%}

{# Spreadsheets wrap a long number as ="123" or '123 so that it stays text. #}
{%- macro id_text(value) -%}
{%- set bare -%}
trim(regexp_replace(trim({{ value }}, {{ _spaces() }}), '^=?["'']+|["'']+$', '', 'g'), {{ _spaces() }})
{%- endset -%}
case
    when regexp_full_match({{ value }}, '[0-9]+|[0-9A-Za-z_-]{5,}') then {{ value }}
    else {{ _null_words(bare) }}
end
{%- endmacro -%}

{#
  The `plain_*` macros give the typed value of a raw value that is written as nearly all are, in one step, and NULL
  otherwise: then the `*_text` macro and the macro of the value decide. They must agree where a plain one gives a value.
  A value that ends in a space is none of them: DuckDB reads '13e ' as 13.
#}
{%- macro plain_id(value) -%}
case when regexp_full_match({{ value }}, '[0-9]+|[0-9A-Za-z_-]{5,}') then {{ value }} end
{%- endmacro -%}

{%- macro plain_amount(value) -%}
case when right({{ value }}, 1) > ' ' then try_cast({{ value }} as decimal(18, 4)) end
{%- endmacro -%}

{%- macro plain_quantity(value) -%}
case when right({{ value }}, 1) > ' ' then try_cast({{ value }} as decimal(18, 3)) end
{%- endmacro -%}

{%- macro plain_time(value) -%}
case
    when {{ value }} like '____-__-__ __:__:__' and right({{ value }}, 1) > ' '
    then try_cast({{ value }} as timestamp)
end
{%- endmacro -%}

{# Taobao writes 无退款申请 (no refund asked for) where an amount is expected. #}
{%- macro amount_text(value) -%}
nullif({{ clean_text(value) }}, '无退款申请')
{%- endmacro -%}

{# 1.2E+18 is an id that a spreadsheet rounded: its digits are gone, it must never join. #}
{%- macro clean_id(text) -%}
case
    when regexp_full_match({{ text }}, '[0-9A-Za-z_-]+') then {{ text }}
    when regexp_full_match({{ text }}, '[+-]?[0-9]+([.][0-9]+[eE][+]?|[eE][+])[0-9]+') then null
    else regexp_replace({{ _half_width(text) }}, '^([0-9]+)[.]0+$', '\1')
end
{%- endmacro -%}

{# The value if it is as a pattern says as a whole, else NULL; a CASE would compute a long expression twice. #}
{%- macro _whole(value, pattern) -%}
list_extract(regexp_extract_all({{ value }}, '^(?:{{ pattern }})$'), 1)
{%- endmacro -%}

{#
  What stands below the raw layer for a personal value. The loader sets the secret as a variable of its connection;
  without it nothing is hashed, because a hash without a secret can be guessed back.
#}
{%- macro _keyed_hash(text) -%}
{%- set key -%}
coalesce(cast(getvariable('pseudonym_key') as varchar), error('the secret of personal values is not set'))
{%- endset -%}
left(sha256({{ key }} || sha256({{ key }} || {{ text }})), 32)
{%- endmacro -%}

{%- macro clean_hashed_id(text) -%}
{{ _keyed_hash(text) }}
{%- endmacro -%}

{# An address that can be one: lower case, because mail servers do not tell cases apart. #}
{%- macro email_key(text) -%}
case
    when regexp_full_match({{ text }}, '[^@ *]+@[^@ *]+[.][^@ *.]{2,}')
    then {{ _keyed_hash("lower(" ~ text ~ ")") }}
end
{%- endmacro -%}

{#
  Digits only, without the country code of China; masked numbers (138****0000), numbers that are too short, and those
  that people type into a field they do not want to fill (one digit repeated, 13800000000, 13800138000) are nobody's.
#}
{%- macro phone_key(text) -%}
{%- set digits -%}
regexp_replace(regexp_replace({{ _half_width(text) }}, '[^0-9*xX]', '', 'g'), '^(?:0086|86)(1[0-9]{10})$', '\1')
{%- endset -%}
{%- set number -%}
regexp_replace(
    {{ digits }},
    '^(?:[0-9]*0{7,}|1?(?:1{6,}|2{6,}|3{6,}|4{6,}|5{6,}|6{6,}|7{6,}|8{6,}|9{6,})|13800138000|1?2345678(?:9|90)?)$',
    ''
)
{%- endset -%}
{{ _keyed_hash(_whole(number, "[0-9]{7,15}")) }}
{%- endmacro -%}

{# A name with its address, however it is spaced and punctuated; a masked one (张**) is nobody's. #}
{%- macro person_key(text) -%}
{%- set letters -%}
lower(regexp_replace({{ text }}, '[(（][0-9]{5,6}[)）]|[\s,，.。;；:：()（）_-]', '', 'g'))
{%- endset -%}
case
    when not contains({{ text }}, '*')
    then {{ _keyed_hash(_whole(letters, "..+")) }}
end
{%- endmacro -%}

{#
  The plain cast comes first because nearly every value passes it, then a number with its unit. What is left is stripped in
  three steps: (12.00) to -12.00, signs and units off the ends, commas out only where they stand
  between thousands (1,29 must not become 129). No step repeats its input: DuckDB would compute a
  repeated expression for every row.
#}
{%- macro _number(text, units, type) -%}
coalesce(
    try_cast({{ text }} as {{ type }}),
    try_cast(regexp_extract({{ text }}, '^([0-9]+[.]?[0-9]*)(?:{{ units }})$', 1) as {{ type }}),
    try_cast(
        regexp_replace(
            regexp_replace(
                regexp_replace({{ _half_width(text) }}, '^[(](.*)[)]$', '-\1'),
                '^([-+]?) *(?:{{ _currency_signs() }})? *([-+]?[0-9.,]+) *(?:{{ units }})?$',
                '\1\2'
            ),
            '^([-+]?[0-9]{1,3}),([0-9]{3})(?:,([0-9]{3}))?(?:,([0-9]{3}))?(?:,([0-9]{3}))?([.][0-9]*)?$',
            '\1\2\3\4\5\6'
        ) as {{ type }}
    )
)
{%- endmacro -%}

{#
  1.299,00 and 1 299,00 in the form that the number macros know; only for files whose mapping says
  so, because 1,299 alone does not say what its comma is.
#}
{%- macro decimal_point(text) -%}
translate({{ text }}, '.,{{ " \u00a0\u202f\u2019" }}''', ',.')
{%- endmacro -%}

{# As shops abroad print them, before the number or behind it. #}
{%- macro _currency_signs() -%}
[A-Z]{0,3}[$]|¥|£|€|৳|₹|₨|Rs[.]?|₽|₩|₺|₫|฿|₱|₴|₪|₦|zł|Kč|kr[.]?|RM|RMB|CNY|USD|EUR|GBP|HKD|JPY|AUD|CAD|INR|BDT|BRL|PLN
{%- endmacro -%}

{%- macro clean_amount(text) -%}
cast({{ _number(text, '元|圆|' ~ _currency_signs(), 'decimal(18, 4)') }} as decimal(18, 4))
{%- endmacro -%}

{%- macro clean_quantity(text) -%}
cast({{ _number(text, '个|件|只|条|双|套|盒|包|袋|瓶|箱|台|张|本|份|组|支|片|块|pcs', 'decimal(18, 3)') }} as decimal(18, 3))
{%- endmacro -%}

{#
  A moment in the shop's time zone. A time without an offset is taken as it stands, or as a time
  of `from_time_zone` when one is given. Day-first dates are read only through `date_format`
  (strptime, tried before the usual forms), because 03/04/2019 alone does not say which is the day.
#}
{%- macro clean_time(text, time_zone, from_time_zone=none, date_format=none) -%}
{%- set digits = "translate(" ~ _half_width(text) ~ ", '日', ' ')" -%}
{%- set local_pattern -%}
'^([0-9]{4}) *[-/#.年] *([0-9]{1,2}) *[-/#.月] *([0-9]{1,2})(?:[ T]+([0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:[.][0-9]+)?)?))? *$'
{%- endset -%}
{%- set offset_pattern -%}
'^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})[ T]+([0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:[.][0-9]+)?)?) *(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)$'
{%- endset -%}
{%- set local -%}
case
    {%- if date_format %}
    when try_strptime({{ text }}, '{{ date_format }}') is not null
    then try_strptime({{ text }}, '{{ date_format }}')
    {%- endif %}
    when {{ text }} like '____-__-__ __:__:__' then try_cast({{ text }} as timestamp)
    when regexp_matches({{ digits }}, {{ local_pattern }})
    then try_cast(trim(regexp_replace({{ digits }}, {{ local_pattern }}, '\1-\2-\3 \4')) as timestamp)
    when regexp_full_match({{ text }}, '(19|20)[0-9]{6}')
    then try_cast(regexp_replace({{ text }}, '(....)(..)(..)', '\1-\2-\3') as timestamp)
    when regexp_full_match({{ text }}, '[0-9]{5}([.][0-9]+)?')
    then timestamp '1899-12-30 00:00:00' + to_seconds(cast(round(cast({{ text }} as double) * 86400) as bigint))
end
{%- endset -%}
coalesce(
    {% if from_time_zone and from_time_zone != time_zone -%}
    timezone('{{ time_zone }}', timezone('{{ from_time_zone }}', {{ local }}))
    {%- else -%}
    {{ local }}
    {%- endif %},
    case
        when regexp_matches({{ text }}, {{ offset_pattern }})
        then timezone('{{ time_zone }}', try_cast(
            regexp_replace(
                regexp_replace(regexp_replace({{ text }}, {{ offset_pattern }}, '\1 \2\3'), '(Z|UTC)$', '+00:00'),
                '([+-][0-9]{2})([0-9]{2})$', '\1:\2'
            ) as timestamptz
        ))
    end
)
{%- endmacro -%}

{%- macro clean_date(text, time_zone, from_time_zone=none, date_format=none) -%}
cast({{ clean_time(text, time_zone, from_time_zone, date_format) }} as date)
{%- endmacro -%}

{# Seconds since 1970 say their moment by themselves, whatever zone or date format a file uses. #}
{%- macro clean_unix_time(text, time_zone) -%}
timezone('{{ time_zone }}', to_timestamp(
    try_cast(nullif(regexp_extract({{ text }}, '^([0-9]{1,11})(?:[.]0+)?$', 1), '') as bigint)
))
{%- endmacro -%}

{# Whole seconds of 1970 or a year 2109 are a broken clock or a wrong format, not an order. #}
{%- macro plausible_time(value, latest) -%}
case when {{ value }} between timestamp '1990-01-01 00:00:00' and timestamp '{{ latest }}' then {{ value }} end
{%- endmacro -%}

{# Dates of birth reach further back than shops do. #}
{%- macro plausible_date(value, latest) -%}
case when {{ value }} between date '1900-01-01' and cast(timestamp '{{ latest }}' as date) then {{ value }} end
{%- endmacro -%}

{#
  Ten billion in any currency, and a billion pieces, are a wrong column or a lost decimal point, not a sale. The bounds
  leave room below what a sum holds (16 digits and two decimals): it takes hundreds of thousands of such rows to overflow.
#}
{%- macro _amount_bound() -%}
10000000000
{%- endmacro -%}

{%- macro plausible_amount(value, latest) -%}
case when abs({{ value }}) < {{ _amount_bound() }} then {{ value }} end
{%- endmacro -%}

{%- macro plausible_quantity(value, latest) -%}
case when abs({{ value }}) < 1000000000 then {{ value }} end
{%- endmacro -%}

{# Two readable values whose product is none. In doubles: DuckDB multiplies two decimals of 18 digits within 18 digits. #}
{%- macro is_beyond_amounts(quantity, unit_price) -%}
coalesce(abs(cast({{ quantity }} as double) * cast({{ unit_price }} as double)) >= {{ _amount_bound() }}, false)
{%- endmacro -%}

{%- macro beyond_amounts_issue(quantity, unit_price) -%}
case when {{ is_beyond_amounts(quantity, unit_price) }} then '{{ quantity }} times {{ unit_price }} is beyond any plausible amount' end
{%- endmacro -%}

{%- macro line_amount(quantity, unit_price) -%}
case when not {{ is_beyond_amounts(quantity, unit_price) }} then {{ quantity }} * {{ unit_price }} end
{%- endmacro -%}

{%- macro clean_status(text) -%}
replace({{ text }}, ',', '，')
{%- endmacro -%}

{%- macro clean_order_state(text) -%}
case
    when {{ text }} in ('unpaid', 'paid', 'shipped', 'completed', 'cancelled', 'refunded', 'partially_refunded')
    then {{ text }}
end
{%- endmacro -%}

{%- macro clean_refund_state(text) -%}
case when {{ text }} in ('succeeded', 'pending', 'refused') then {{ text }} end
{%- endmacro -%}

{%- macro clean_boolean(text) -%}
case
    when lower({{ text }}) in ('是', 'true', 't', 'yes', 'y', '1', '1.0', '手机订单') then true
    when lower({{ text }}) in ('否', 'false', 'f', 'no', 'n', '0', '0.0', '非手机订单') then false
end
{%- endmacro -%}

{%- macro clean_flag(text, pattern) -%}
coalesce(regexp_matches({{ text }}, '{{ pattern }}'), false)
{%- endmacro -%}

{%- macro _province_names() -%}
北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门
{%- endmacro -%}

{# The short name (上海, 内蒙古) of the province an address starts with; NULL when masked. #}
{%- macro clean_province(text) -%}
nullif(regexp_extract({{ text }}, '^(?:中国)? *({{ _province_names() }})', 1), '')
{%- endmacro -%}

{# As they stand in the names of autonomous prefectures (延边朝鲜族自治州 is 延边). #}
{%- macro _peoples() -%}
朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|壮族|傣族|景颇族|哈尼族|白族|傈僳族|回族|黎族|蒙古族?|哈萨克|柯尔克孜
{%- endmacro -%}

{# The short name of the city that follows the province; the four municipalities are their own city. #}
{%- macro clean_city(text) -%}
coalesce(
    nullif(regexp_extract({{ text }}, '^(?:中国)? *(北京|天津|上海|重庆|香港|澳门)', 1), ''),
    nullif(
        regexp_extract(
            {{ text }},
            '^(?:中国)? *(?:{{ _province_names() }})(?:省|(?:壮族|回族|维吾尔)?自治区)?[ ,，]*([^ ,，市区县]{2,}?)(?:(?:{{ _peoples() }})*自治州|市|地区|盟)',
            1
        ),
        ''
    )
)
{%- endmacro -%}

{# A province or city that stands in a column of its own, perhaps abroad: short if Chinese. #}
{%- macro clean_region_name(text) -%}
coalesce(
    nullif(regexp_extract({{ text }}, '^({{ _province_names() }})(?:省|市|特别行政区|(?:壮族|回族|维吾尔)?自治区)?$', 1), ''),
    nullif(regexp_extract({{ text }}, '^([^ ]{2,}?)市$', 1), ''),
    {{ text }}
)
{%- endmacro -%}
