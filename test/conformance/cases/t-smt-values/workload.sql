update v_cast set name = 'upd' where id = 1; update v_cast set sub = 21 where id = 2; delete from v_cast where id = 3;
--;
update v_text set name = 'upd' where id = 1; update v_text set sub = 21 where id = 2; delete from v_text where id = 3;
--;
update v_mask set name = 'upd' where id = 1; update v_mask set sub = 21 where id = 2; delete from v_mask where id = 3;
--;
update v_repl set name = 'upd' where id = 1; update v_repl set sub = 21 where id = 2; delete from v_repl where id = 3;
--;
update v_time set name = 'upd' where id = 1; update v_time set sub = 21 where id = 2; delete from v_time where id = 3;
--;
update v_ins set name = 'upd' where id = 1; update v_ins set sub = 21 where id = 2; delete from v_ins where id = 3;
--;
update v_nest set name = 'upd' where id = 1; update v_nest set sub = 21 where id = 2; delete from v_nest where id = 3;
--;
update v_nodef set name = 'upd' where id = 1; update v_nodef set sub = 21 where id = 2; delete from v_nodef where id = 3
