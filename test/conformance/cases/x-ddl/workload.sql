begin; insert into t values (3, 'c', 3, 3); alter table t add column d date default '2024-01-01'; insert into t values (4, 'd', 4, 4); alter table t drop column a; insert into t(id) values (5); commit;
--; settle
begin; alter table t rename column b to bb; insert into t(id, bb) values (6, 6); alter table t rename column bb to b; commit;
--; settle
begin; alter table t add column tmp int; insert into t(id, tmp) values (7, 7); alter table t drop column tmp; commit;
--; settle
begin; alter table t alter column b type bigint; update t set b = 6000000000 where id = 1; alter table t alter column c type numeric(10,4); update t set c = 1.2345 where id = 2; commit;
--; settle
alter table key_change drop constraint key_change_pkey;
--;
insert into key_change values (3, 30, 'z');
--; settle
alter table key_change add primary key (b, a);
--;
insert into key_change values (4, 40, 'k');
--;
update key_change set b = 41 where a = 4;
--;
delete from key_change where a = 1;
--; settle
alter table key_change drop constraint key_change_pkey; create unique index on key_change(a);
--;
insert into key_change values (5, 50, 'uq');
--; settle
drop table dropped; create table dropped(k text primary key, n int);
--;
insert into dropped values ('k', 1);
--; settle
begin; drop table dropped; create table dropped(z int primary key); insert into dropped values (9); commit;
--; settle
alter table plain add column id serial primary key;
--;
insert into plain(v) values ('q');
--;
delete from plain where v = 'p';
--; settle
alter table u rename to v;
--;
insert into v values (2, 2);
--; settle
create table u(id int primary key, other text);
--;
insert into u values (1, 'new u');
--;
insert into v values (3, 3);
--; settle
create schema s; alter table v set schema s;
--;
insert into s.v values (4, 4);
--; settle
create type color as enum ('red'); create table cars(id int primary key, c color default 'red', cs color[]);
--;
insert into cars values (1, 'red', '{red}');
--; settle
alter type color add value 'blue' before 'red'; 
--;
insert into cars values (2, 'blue', '{blue,red}');
--; settle
alter type color rename value 'red' to 'crimson';
--;
insert into cars values (3, 'crimson', null);
--; settle
create domain dd as int; alter table cars add column d dd, add column gen int generated always as (id * 2) stored;
--;
insert into cars(id, c, d) values (4, 'blue', 4);
--; settle
alter table cars alter column c drop default, alter column c type text;
--;
insert into cars(id, c) values (5, 'free');
--; settle
update t set c = 0 where c is null;
--; settle
alter table t alter column c set not null, alter column d set default '2025-01-01';
--;
insert into t(id, c) values (8, 0);
--;
truncate t;
--; settle
create table ctas as select 1 as a, 'x'::text as b;
--;
insert into ctas values (2, 'y');
--; settle
alter table ctas add primary key (a);
--;
update ctas set b = 'z' where a = 2;
--; settle
create unlogged table unl(id int primary key); create temp table tmp(id int primary key); create materialized view mv as select 1 as x; create view vw as select 1 as y;
--;
insert into unl values (1); insert into tmp values (1);
