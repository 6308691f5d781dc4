create table h_plain(id int primary key, v text); alter table h_plain replica identity full; insert into h_plain values (1, 'a'), (2, 'b');
create table h_route(id int primary key, v text); alter table h_route replica identity full; insert into h_route values (1, 'a'), (2, 'b');
create table h_insert(id int primary key, v text); alter table h_insert replica identity full; insert into h_insert values (1, 'a'), (2, 'b');
create table h_tz(id int primary key, v text); alter table h_tz replica identity full; insert into h_tz values (1, 'a'), (2, 'b');
create table h_twice(id int primary key, v text); alter table h_twice replica identity full; insert into h_twice values (1, 'a'), (2, 'b');
create table h_nokey(id int , v text); alter table h_nokey replica identity full; insert into h_nokey values (1, 'a'), (2, 'b')
