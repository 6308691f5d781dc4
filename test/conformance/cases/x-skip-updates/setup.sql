create table a(id int primary key, v text, w int); create table b(id int primary key, v text, w int); alter table b replica identity full; create table nk(v text); alter table nk replica identity full;
insert into a values (1, 'one', 1), (2, 'two', 2); insert into b values (1, 'one', 1), (2, 'two', 2); insert into nk values ('x');
