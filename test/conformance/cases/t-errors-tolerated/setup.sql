create extension if not exists hstore;
create table r_cast(id int primary key, e text, h hstore); insert into r_cast values (1, '12', 'a=>1'), (2, 'x', null), (3, null, ''), (4, '2024-01-02', 'b=>2');
create table r_flat(id int primary key, e text, h hstore); insert into r_flat values (1, '12', 'a=>1'), (2, 'x', null), (3, null, ''), (4, '2024-01-02', 'b=>2');
create table r_time(id int primary key, e text, h hstore); insert into r_time values (1, '12', 'a=>1'), (2, 'x', null), (3, null, ''), (4, '2024-01-02', 'b=>2');
create table r_vtk(id int primary key, e text, h hstore); insert into r_vtk values (1, '12', 'a=>1'), (2, 'x', null), (3, null, ''), (4, '2024-01-02', 'b=>2');
create table r_name(id int primary key, e text, h hstore); insert into r_name values (1, '12', 'a=>1'), (2, 'x', null), (3, null, ''), (4, '2024-01-02', 'b=>2');
create table r_outbox(id int primary key, aggregatetype text, aggregateid text, type text, payload text)
