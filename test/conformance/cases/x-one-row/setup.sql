create table a(id int primary key); create table m(id int primary key); create table z(id int primary key); insert into m values (1);
