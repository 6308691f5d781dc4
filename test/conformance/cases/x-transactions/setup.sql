create schema other; create table other.o(id int primary key); create table hidden(id int primary key); create table part(id int primary key) partition by range (id); create table part_1 partition of part for values from (0) to (10);
create table a(id int primary key, v text, w int); create table b(id int primary key, v text, w int); alter table b replica identity full; create table nk(v text); alter table nk replica identity full;
insert into a values (1, 'one', 1), (2, 'two', 2); insert into b values (1, 'one', 1), (2, 'two', 2); insert into nk values ('x');
