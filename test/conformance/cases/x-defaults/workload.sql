insert into d_num(id, p3) values (3, 4); insert into d_text(id) values (3); insert into d_misc(id, u2, u3) values (3, null, '00000000-0000-0000-0000-000000000004'); insert into d_arr(id) values (3); insert into d_gen(v) values ('two');
--;
insert into d_time(id, d1, d2, t1, t3, tz1, ts1, ts3, ts5, tt1, tt3, iv1, d3, t2, tz2, ts4, tt2, iv2, d4, t4, ts7, ts8, tt6) values (3, null, null, null, null, null, null, null, null, null, null, null, '2000-01-01', '00:00', '00:00+00', '2000-01-01', '2000-01-01 00:00:00+00', '1 day', '2000-01-01', '00:00', null, null, null);
--;
delete from d_num where id = 1; delete from d_text where id = 1; delete from d_time where id = 1; delete from d_misc where id = 1; delete from d_arr where id = 1; delete from d_gen where v = 'one';
--; settle
alter table grown add column q int not null default 9, add column w text not null default 'w', add column e mood not null default 'sad', add column r timestamptz not null default '2020-01-01 00:00:00+00', add column a int[] not null default '{4}', add column n numeric(4,1) default -2.5;
--;
update grown set v = 'A' where id = 1;
--;
insert into grown(id, n) values (3, null);
--; settle
alter table grown alter column q drop default, alter column w set default 'ww', alter column n set default 3;
--;
update grown set v = 'B', n = null where id = 2;
--;
delete from grown where id = 1;
--; settle
alter table grown alter column q drop not null, alter column q type bigint, alter column q set default 12;
--;
insert into grown(id, q) values (4, null);
--;
delete from grown where id = 2;
