-- What did each category sell in the thirty days before the newest order, in Australian dollars?
select category, sum(quantity) as quantity, sum(net_amount_aud)::decimal(18, 2) as net_amount_aud from sales_performance
where order_on > (select max(order_on) - 30 from sales_performance) group by 1 order by 3 desc nulls last, 1 limit 5;

-- How many customers are new, loyal or lost, and what are they worth?
select segment, count(*) as customers, sum(net_amount_aud)::decimal(18, 2) as net_amount_aud from customer_360
group by 1 order by 3 desc nulls last, 1;

-- Which carrier delivers in time?
select carrier, sum(shipments) as shipments, round(sum(on_time_pct * delivered) / nullif(sum(delivered), 0), 1) as on_time_pct
from delivery_performance group by 1 order by 3 desc nulls last, 1;

-- What is wrong with the data?
select table_name, finding, treatment, found_rows from data_quality where found_rows > 0
order by 4 desc, 1, 2 limit 10;
