insert into app.users values (2, 'n', 'p', 'x'); insert into app.user_log values (2, 'v'); insert into "App2"."Users" values (2, 'N'); insert into other.users values (2, 'o'); insert into public.users values (2, 'p'); insert into app."a,b" values (2); insert into t1 values (2, 'b', 'c'); insert into t10 values (2, 'b', 'c');
--;
update app.users set password = 'q' where id = 1; update t1 set b = 'bb', a = 5 where a = 1; delete from t10; delete from app.users where id = 2;
--; settle
create table app.late(id int primary key); create table other.late(id int primary key);
--;
insert into app.late values (1); insert into other.late values (1);
