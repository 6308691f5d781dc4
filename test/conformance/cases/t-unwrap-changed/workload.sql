update c_compat set name = 'ONE', note = null where a = 1;
--;
update c_all set name = 'ONE', note = null where a = 1;
--;
update c_key set name = 'ONE', note = null where a = 1;
--;
update c_def set name = 'ONE', note = null where a = 1
--;
update c_compat set flag = false, n = 2, bin = '\x0102', js = '{"x":2}', arr = '{3}', ts = '2024-05-05 00:00:00Z' where a = 2; update c_compat set b = 5 where a = 2; update c_compat set name = name; insert into c_compat values (3, 3);
--;
update c_all set flag = false, n = 2, bin = '\x0102', js = '{"x":2}', arr = '{3}', ts = '2024-05-05 00:00:00Z' where a = 2; update c_all set b = 5 where a = 2; update c_all set name = name; insert into c_all values (3, 3);
--;
update c_key set flag = false, n = 2, bin = '\x0102', js = '{"x":2}', arr = '{3}', ts = '2024-05-05 00:00:00Z' where a = 2; update c_key set b = 5 where a = 2; update c_key set name = name; insert into c_key values (3, 3);
--;
update c_def set flag = false, n = 2, bin = '\x0102', js = '{"x":2}', arr = '{3}', ts = '2024-05-05 00:00:00Z' where a = 2; update c_def set b = 5 where a = 2; update c_def set name = name; insert into c_def values (3, 3)
--;
delete from c_compat where a = 1;
--;
delete from c_all where a = 1;
--;
delete from c_key where a = 1;
--;
delete from c_def where a = 1
