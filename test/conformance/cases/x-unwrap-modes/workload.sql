insert into acct values (3, 'three', null, null, null, '2024-01-01 00:00:00+02', '2024-02-29', '{a,NULL}', '{"a": 1}', '\x01', null, false, 9007199254740993);
--;
update acct set n = 3.14, nested = 'changed' where id = 1; update acct set id = 20 where id = 2; update nk set v = v;
--;
delete from acct where id = 3; delete from nk; delete from multi;
--;
begin; insert into multi values (2, 'c', 'w'); update multi set a = 3 where a = 2; insert into nk values ('y', 1); commit;
--;
truncate nk;
