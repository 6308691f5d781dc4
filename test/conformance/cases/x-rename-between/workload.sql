insert into t values (2, 's', 'h', 'v');
--; settle
alter table t rename column id to ident;
--;
update t set v = 'w' where ident = 1;
--;
update t set ident = 5 where ident = 2;
--; settle
alter table t rename column secret to open; 
--;
insert into t values (3, 's', 'h', 'v');
--; settle
alter table t rename column v to secret;
--;
insert into t values (4, 's', 'h', 'v');
--; settle
alter table u rename column k to kk;
--;
insert into u values (2, 'y');
--; settle
alter table t drop column ident;
--;
insert into t values ('s', 'h', 'v');
