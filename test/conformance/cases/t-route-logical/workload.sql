update customers_shard_1 set v = null; update customers_shard_2 set id = 5; delete from customers_shard_1;
--;
update orders_a set v = 'yy'; delete from orders_b; insert into items_x values (2, null); delete from items_x where id = 1; insert into nokey values ('m'); delete from comp; truncate items_x;
