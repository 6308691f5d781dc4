create table ob_a(id uuid not null, aggregatetype varchar(50) not null, aggregateid varchar(50) not null, type varchar(50), payload jsonb);
create table ob_b(id uuid not null, aggregatetype varchar(50) not null, aggregateid varchar(50) not null, type varchar(50), payload text);
create table ob_c(id uuid not null, aggregatetype varchar(50) not null, aggregateid varchar(50) not null, type varchar(50), payload json);
create table ob_d(id uuid not null, aggregatetype varchar(50) not null, aggregateid varchar(50) not null, type varchar(50), payload jsonb);
insert into ob_a values ('00000000-0000-0000-0000-000000000090', 'seed', 's', 't', '{"s": 1}')
