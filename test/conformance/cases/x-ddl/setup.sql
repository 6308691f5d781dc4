create table t(id int primary key, a text, b int default 5, c numeric(5,2));
create table key_change(a int primary key, b int not null, v text); create table dropped(id int primary key, v text); create table plain(v text); create table u(id int primary key, v int);
insert into t values (1, 'a', 1, 1.5), (2, 'b', 2, 2.5); insert into key_change values (1, 10, 'x'), (2, 20, 'y'); insert into dropped values (1, 'd'); insert into plain values ('p'); insert into u values (1, 1);
