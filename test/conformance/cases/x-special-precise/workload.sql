insert into special select id + 10, n, n2, na, n2a, f, d, fa from special;
--;
update special_full set v = 'b';
--;
update special_full set n = 1;
--;
delete from special_full;
