"""Made exports in the style of real ones, with the warehouse column each of theirs means."""
# ruff: noqa: E501 — rows of exports are as long as they are

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Export:
    """A made export: its text, what one row is, and warehouse column → its column."""

    name: str
    text: str
    entity: str
    means: dict[str, str]
    date_format: str | None = None
    decimal_comma: bool = False


def _rows(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


EXPORTS = (
    Export(
        "youzan",
        _rows(
            "订单号,订单状态,订单类型,订单创建时间,买家付款时间,商品名称,商品编码,商品单价,商品数量,商品金额合计,"
            "店铺优惠合计,运费,应收订单金额,订单实付金额,买家姓名,买家手机号,收货人/提货人,收货人手机号/提货人手机号,"
            "收货人省份,收货人城市,收货人地区,详细收货地址/提货地址,归属店铺",
            "E20240311100506001,交易完成,普通订单,2024-03-11 10:05:06,2024-03-11 10:06:00,连衣裙,P1,193,2,386,10,10,"
            "386,376,小李,13912345678,李四,13912345678,浙江省,杭州市,西湖区,文一路1号,旗舰店",
            "E20240312100506002,已关闭,普通订单,2024-03-12 10:05:06,,围巾,P2,99,1,99,0,10,109,0,小王,13812345679,王五,"
            "13812345679,江苏省,南京市,玄武区,中山路2号,旗舰店",
        ),
        "orders",
        {
            "order_id": "订单号", "status": "订单状态", "ordered_at": "订单创建时间",
            "paid_at": "买家付款时间", "gross_amount": "应收订单金额", "paid_amount": "订单实付金额",
            "discount_amount": "店铺优惠合计", "freight_amount": "运费", "province": "收货人省份",
            "city": "收货人城市", "receiver_name": "收货人/提货人",
            "receiver_address": "详细收货地址/提货地址", "phone": "收货人手机号/提货人手机号",
        },
    ),
    Export(
        "pinduoduo",
        _rows(
            "商品,订单号,订单状态,商品总价(元),店铺优惠折扣(元),平台优惠折扣(元),用户实付金额(元),商家实收金额(元),"
            "商品数量(件),收货人,手机,省,市,区,详细地址,支付时间,拼单成交时间,发货时间,商品id,商品规格,快递单号",
            "连衣裙,240311-123456789012345,已收货,88.00,5.00,3.00,80.00,83.00,1,张*,138****1234,广东省,深圳市,南山区,"
            "科技园***,2024-03-11 10:05:06,2024-03-11 10:05:07,2024-03-12 09:00:00,512345678901,红色 M,SF123",
            "围巾,240312-123456789012346,待发货,20.00,0.00,0.00,20.00,20.00,2,李*,139****5678,浙江省,杭州市,西湖区,"
            "文一路***,2024-03-12 10:05:06,2024-03-12 10:05:07,,512345678902,蓝色,",
        ),
        "orders",
        {
            "order_id": "订单号", "status": "订单状态", "gross_amount": "商品总价(元)",
            "discount_amount": "店铺优惠折扣(元)", "paid_amount": "用户实付金额(元)",
            "ordered_at": "拼单成交时间", "paid_at": "支付时间", "province": "省", "city": "市",
            "receiver_name": "收货人", "receiver_address": "详细地址", "phone": "手机",
        },
    ),
    Export(
        "douyin",
        _rows(
            "主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单应付金额,运费,优惠总金额,"
            "收件人,收件人手机号,省,市,区,详细地址,买家留言,订单提交时间,商家备注,订单完成时间,支付完成时间,APP渠道,"
            "流量来源,订单状态",
            "'6912345678901234567,'6912345678901234568,连衣裙,红色,2,3512345,A-1,99.00,178.00,0.00,20.00,张*,139****5678,"
            "浙江省,杭州市,西湖区,文一路***,,2024-03-11 10:05:06,,2024-03-15 10:00:00,2024-03-11 10:06:00,抖音,直播,已完成",
            "'6912345678901234567,'6912345678901234569,围巾,蓝色,1,3512346,A-2,20.00,20.00,0.00,0.00,张*,139****5678,"
            "浙江省,杭州市,西湖区,文一路***,,2024-03-11 10:05:06,,2024-03-15 10:00:00,2024-03-11 10:06:00,抖音,直播,已完成",
        ),
        "order_lines",
        {
            "order_id": "主订单编号", "line_id": "子订单编号", "product_title": "选购商品",
            "quantity": "商品数量", "product_id": "商品ID", "unit_price": "商品单价",
            "gross_amount": "订单应付金额", "discount_amount": "优惠总金额",
            "freight_amount": "运费", "ordered_at": "订单提交时间",
            "status": "订单状态",
        },
    ),
    Export(
        "amazon",
        _rows(
            "amazon-order-id\tmerchant-order-id\tpurchase-date\tlast-updated-date\torder-status\tfulfillment-channel\t"
            "sales-channel\tproduct-name\tsku\tasin\titem-status\tquantity\tcurrency\titem-price\titem-tax\t"
            "shipping-price\titem-promotion-discount\tship-city\tship-state\tship-postal-code\tship-country",
            "111-1234567-1234567\t\t2024-03-11T10:05:06+00:00\t2024-03-12T10:05:06+00:00\tShipped\tAmazon\tAmazon.com\t"
            "Red dress\tSKU-1\tB00A1\tShipped\t2\tUSD\t59.98\t4.20\t5.99\t3.00\tAustin\tTX\t78701\tUS",
            "111-1234567-1234567\t\t2024-03-11T10:05:06+00:00\t2024-03-12T10:05:06+00:00\tShipped\tAmazon\tAmazon.com\t"
            "Blue scarf\tSKU-2\tB00A2\tShipped\t1\tUSD\t19.99\t1.40\t0.00\t0.00\tAustin\tTX\t78701\tUS",
            "111-1234567-1234568\t\t2024-03-13T10:05:06+00:00\t2024-03-13T10:05:06+00:00\tCancelled\tAmazon\tAmazon.com\t"
            "Blue scarf\tSKU-2\tB00A2\tCancelled\t1\tUSD\t19.99\t1.40\t0.00\t0.00\tDallas\tTX\t75001\tUS",
        ),
        "order_lines",
        {
            "order_id": "amazon-order-id", "ordered_at": "purchase-date", "status": "order-status",
            "product_title": "product-name", "product_id": "sku", "quantity": "quantity",
            "currency": "currency", "gross_amount": "item-price", "freight_amount": "shipping-price",
            "discount_amount": "item-promotion-discount",
        },
    ),
    Export(
        "etsy_orders",
        _rows(
            "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,Payment Method,Date Shipped,"
            "Street 1,Ship City,Ship State,Ship Zipcode,Ship Country,Currency,Order Value,Coupon Code,Discount Amount,"
            "Shipping,Sales Tax,Order Total,Status,Order Net,Buyer",
            '03/11/24,3012345678,anna99,Anna Smith,Anna,Smith,2,Credit Card,03/13/24,1 Main St,Austin,TX,78701,'
            'United States,USD,40.00,SPRING,4.00,5.00,3.10,44.10,Shipped,40.20,"Anna (anna99)"',
            '03/25/24,3012345679,bob1,Bob Jones,Bob,Jones,1,Credit Card,03/26/24,2 Main St,Dallas,TX,75001,'
            'United States,USD,20.00,,0.00,5.00,1.60,26.60,Shipped,24.00,"Bob (bob1)"',
        ),
        "orders",
        {
            "order_id": "Order ID", "ordered_at": "Sale Date", "customer_id": "Buyer User ID",
            "item_count": "Number of Items", "currency": "Currency", "gross_amount": "Order Total",
            "coupon_code": "Coupon Code", "discount_amount": "Discount Amount",
            "freight_amount": "Shipping", "city": "Ship City", "province": "Ship State",
            "country": "Ship Country", "receiver_name": "Full Name",
            "receiver_address": "Street 1", "status": "Status",
        },
        "%m/%d/%y",
    ),
    Export(
        "ebay",
        _rows(
            "Sales Record Number,Order Number,Buyer Username,Buyer Name,Buyer Email,Buyer Address 1,Buyer City,Buyer State,"
            "Buyer Zip,Buyer Country,Item Number,Item Title,Custom Label,Quantity,Sold For,Shipping And Handling,"
            "Total Price,Payment Method,Sale Date,Paid On Date,Shipped On Date",
            "1001,12-34567-89012,buyer_one,Anna Smith,a1@members.example.com,1 Main St,Austin,TX,78701,United States,"
            "1234567890,Red dress,SKU-1,1,$29.99,$5.00,$34.99,PayPal,Mar-11-24,Mar-11-24,Mar-12-24",
            "1001,12-34567-89012,buyer_one,Anna Smith,a1@members.example.com,1 Main St,Austin,TX,78701,United States,"
            "1234567892,Belt,SKU-3,1,$9.99,$0.00,$9.99,PayPal,Mar-11-24,Mar-11-24,Mar-12-24",
            "1002,12-34567-89013,buyer_two,Bob Jones,b2@members.example.com,2 Main St,Dallas,TX,75001,United States,"
            "1234567891,Blue scarf,SKU-2,2,$19.99,$5.00,$44.98,PayPal,Mar-12-24,Mar-12-24,Mar-13-24",
        ),
        "order_lines",
        {
            "order_id": "Order Number", "customer_id": "Buyer Username", "product_title": "Item Title",
            "product_id": "Item Number", "quantity": "Quantity", "unit_price": "Sold For",
            "freight_amount": "Shipping And Handling", "gross_amount": "Total Price",
            "ordered_at": "Sale Date",
        },
        "%b-%d-%y",
    ),
    Export(
        "generic_english_orders",
        _rows(
            "OrderNo,Order Date,CustomerID,E-Mail,Phone Number,Total Amount,Discount,Shipping Cost,Order Status,Country,City",
            "SO-1,2024-03-11,C1,anna@example.com,+1 512 555 0101,39.98,0,4.99,completed,US,Austin",
            "SO-2,2024-03-12,C2,bob@example.com,+1 512 555 0102,19.99,2.00,4.99,cancelled,US,Dallas",
        ),
        "orders",
        {
            "order_id": "OrderNo", "ordered_at": "Order Date", "customer_id": "CustomerID",
            "email": "E-Mail", "phone": "Phone Number", "gross_amount": "Total Amount",
            "discount_amount": "Discount", "freight_amount": "Shipping Cost",
            "status": "Order Status", "country": "Country", "city": "City",
        },
    ),
    Export(
        "generic_chinese_lines",
        _rows(
            "单号,下单时间,货号,品名,数量,单价,金额,会员,状态",
            "10001,2019#3#11,A-01,连衣裙,2件,43元,86元,M7,已付款",
            "10001,2019#3#11,A-02,围巾,1件,20元,20元,M7,已付款",
            "10002,2019/3/12 9:05,A-02,围巾,1件,20元,20元,M8,已取消",
        ),
        "order_lines",
        {
            "order_id": "单号", "ordered_at": "下单时间", "product_id": "货号", "product_title": "品名",
            "quantity": "数量", "unit_price": "单价", "gross_amount": "金额", "customer_id": "会员",
            "status": "状态",
        },
    ),
    Export(
        "german_orders",
        _rows(
            "Bestellnummer;Bestelldatum;Kundennummer;Kundenname;E-Mail-Adresse;Telefon;Lieferadresse;Ort;Land;Versandkosten;"
            "Rabatt;Gesamtbetrag;Währung;Bestellstatus",
            "B-1001;11.03.2024 10:05;K-1;Anna Schmidt;anna@example.de;+49 30 1234567;Hauptstr. 1;Berlin;DE;4,90;0,00;"
            "1.299,00 €;EUR;versandt",
            "B-1002;25.03.2024 18:40;K-2;Jörg Weiß;joerg@example.de;+49 30 7654321;Nebenstr. 2;Köln;DE;4,90;5,00;"
            "29,95 €;EUR;storniert",
        ),
        "orders",
        {
            "order_id": "Bestellnummer", "ordered_at": "Bestelldatum", "customer_id": "Kundennummer",
            "receiver_name": "Kundenname", "email": "E-Mail-Adresse", "phone": "Telefon",
            "receiver_address": "Lieferadresse", "city": "Ort", "country": "Land",
            "freight_amount": "Versandkosten", "discount_amount": "Rabatt",
            "gross_amount": "Gesamtbetrag", "currency": "Währung", "status": "Bestellstatus",
        },
        "%d.%m.%Y %H:%M",
        True,
    ),
    Export(
        "french_lines",
        _rows(
            "N° commande;Date de commande;Référence;Désignation;Quantité;Prix unitaire;Montant;N° client",
            "C-1;11/03/2024;R-1;Robe rouge;2;19,90;39,80;CL-1",
            "C-1;11/03/2024;R-2;Écharpe;1;9,90;9,90;CL-1",
            "C-2;28/03/2024;R-2;Écharpe;3;9,90;29,70;CL-2",
        ),
        "order_lines",
        {
            "order_id": "N° commande", "ordered_at": "Date de commande", "product_id": "Référence",
            "product_title": "Désignation", "quantity": "Quantité", "unit_price": "Prix unitaire",
            "gross_amount": "Montant", "customer_id": "N° client",
        },
        "%d/%m/%Y",
        True,
    ),
    Export(
        "members",
        _rows(
            "会员卡号,姓名,性别,生日,手机号码,省份,城市,注册时间,会员来源,推荐人",
            "V001,张三,女,1995-06-18,13912345678,浙江省,杭州市,2023-11-11 20:00:00,小程序,V009",
            "V002,李四,男,1990-01-02,13812345679,江苏省,南京市,2023-12-12 20:00:00,门店,",
        ),
        "customers",
        {
            "customer_id": "会员卡号", "name": "姓名", "gender": "性别", "birth_date": "生日",
            "phone": "手机号码", "province": "省份", "city": "城市", "registered_at": "注册时间",
            "acquisition_channel": "会员来源", "referrer_id": "推荐人",
        },
    ),
    Export(
        "catalogue",
        _rows(
            "SKU,Product Name,Category,Sub Category,Brand,Retail Price,Cost Price",
            "SKU-1,Red dress,Clothing,Dresses,Acme,29.99,12.50",
            "SKU-2,Blue scarf,Clothing,Scarves,Acme,19.99,6.00",
        ),
        "products",
        {
            "product_id": "SKU", "title": "Product Name", "category": "Category",
            "subcategory": "Sub Category", "brand": "Brand", "list_price": "Retail Price",
            "unit_cost": "Cost Price",
        },
    ),
    Export(
        "after_sales",
        _rows(
            "售后单号,订单编号,商品编号,申请时间,退款金额,售后状态,退款原因",
            "AS1,10001,P1,2024-03-15 09:00:00,86.00,退款成功,七天无理由",
            "AS2,10002,P2,2024-03-16 09:00:00,20.00,退款中,质量问题",
        ),
        "refunds",
        {
            "refund_id": "售后单号", "order_id": "订单编号", "product_id": "商品编号",
            "refunded_at": "申请时间", "amount": "退款金额", "status": "售后状态",
            "reason": "退款原因",
        },
    ),
    Export(
        "clickstream",
        _rows(
            "Event ID,Session ID,User ID,Event Time,Event Name,Item ID,Channel",
            "e1,s1,u1,2024-03-11 10:00:00,page_view,P1,web",
            "e2,s1,u1,2024-03-11 10:00:30,add_to_cart,P1,web",
            "e3,s2,,2024-03-11 10:02:00,page_view,P2,app",
        ),
        "events",
        {
            "event_id": "Event ID", "session_id": "Session ID", "customer_id": "User ID",
            "event_at": "Event Time", "event_type": "Event Name", "product_id": "Item ID",
            "channel": "Channel",
        },
    ),
    Export(
        "ratings",
        _rows(
            "Review ID,Order ID,SKU,Customer,Stars,Comment,Review Date",
            "r1,SO-1,SKU-1,C1,5,Fits well and looks great,2024-03-20",
            "r2,SO-2,SKU-2,C2,2,Too short,2024-03-21",
        ),
        "reviews",
        {
            "review_id": "Review ID", "order_id": "Order ID", "product_id": "SKU",
            "customer_id": "Customer", "rating": "Stars", "review_text": "Comment",
            "reviewed_at": "Review Date",
        },
    ),
    Export(
        "points_ledger",
        _rows(
            "流水号,会员号,变动时间,变动积分,变动原因,过期时间",
            "L1,V001,2024-03-11 10:06:00,376,下单,2025-03-11",
            "L2,V001,2024-04-11 10:06:00,-100,兑换,",
        ),
        "points",
        {
            "entry_id": "流水号", "customer_id": "会员号", "posted_at": "变动时间",
            "points": "变动积分", "reason": "变动原因", "expires_at": "过期时间",
        },
    ),
    Export(
        "mailing",
        _rows(
            "Campaign ID,Customer ID,Variant,Control Group,Sent At,Opened At,Clicked At",
            "SPRING,C1,A,no,2024-03-01 10:00,2024-03-01 10:12,2024-03-01 10:13",
            "SPRING,C2,B,no,2024-03-01 10:00,,",
            "SPRING,C3,,yes,,,",
        ),
        "campaign_members",
        {
            "campaign_id": "Campaign ID", "customer_id": "Customer ID", "variant": "Variant",
            "is_holdout": "Control Group", "reached_at": "Sent At", "opened_at": "Opened At",
            "clicked_at": "Clicked At",
        },
    ),
)  # fmt: skip
