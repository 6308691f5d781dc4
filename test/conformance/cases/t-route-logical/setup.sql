create table customers_shard_1(id int primary key, v text default 'd'); create table customers_shard_2(id int primary key, v text default 'd');
create table orders_a(id int, b text, v text, primary key (id, b)); create table orders_b(id int, b text, v text, primary key (id, b));
create table items_x(id int primary key, v text); create table nokey(v text); create table comp(a int, b text, primary key (b, a));
insert into customers_shard_1 values (1, 'a'); insert into customers_shard_2 values (1, 'b'); insert into orders_a values (1, 'x', 'y'); insert into orders_b values (1, 'x', 'z'); insert into items_x values (1, 'i'); insert into nokey values ('n'); insert into comp values (1, 'c')
