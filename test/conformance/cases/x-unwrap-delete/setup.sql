create extension hstore;
create table acct(id int primary key, "Mixed" text not null, n numeric default 1.5, n2 numeric(8,2) default 2.25, ts timestamp default '2024-01-01', tz timestamptz, d date, tags text[], j jsonb, by bytea, nested text default 'dd', b boolean not null default true, big bigint); alter table acct replica identity full;
create table nk(v text, w int default 5); alter table nk replica identity full; create table multi(a int, b text, v text, primary key (b, a));
insert into acct(id, "Mixed") values (1, 'one'), (2, 'two'); insert into nk values ('x', null); insert into multi values (1, 'b', 'v');
