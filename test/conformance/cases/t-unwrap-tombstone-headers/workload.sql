delete from h_plain where id = 1; update h_plain set id = 3 where id = 2; delete from h_plain;
--;
delete from h_route where id = 1; update h_route set id = 3 where id = 2; delete from h_route;
--;
delete from h_insert where id = 1; update h_insert set id = 3 where id = 2; delete from h_insert;
--;
delete from h_tz where id = 1; update h_tz set id = 3 where id = 2; delete from h_tz;
--;
delete from h_twice where id = 1; update h_twice set id = 3 where id = 2; delete from h_twice;
--;
delete from h_nokey where id = 1; update h_nokey set id = 3 where id = 2; delete from h_nokey
