update s_row set name = 'upd', l = 1 where id = 1; update s_row set sub = 21 where id = 2; delete from s_row where id = 3;
--;
update s_one set name = 'upd', l = 1 where id = 1; update s_one set sub = 21 where id = 2; delete from s_one where id = 3
