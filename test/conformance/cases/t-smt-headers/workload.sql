update h_move set name = 'upd' where id = 1; update h_move set sub = 21 where id = 2; delete from h_move where id = 3;
--;
update h_copy set name = 'upd' where id = 1; update h_copy set sub = 21 where id = 2; delete from h_copy where id = 3;
--;
update h_key set name = 'upd' where id = 1; update h_key set sub = 21 where id = 2; delete from h_key where id = 3;
--;
update h_lit set name = 'upd' where id = 1; update h_lit set sub = 21 where id = 2; delete from h_lit where id = 3;
--;
update h_drop set name = 'upd' where id = 1; update h_drop set sub = 21 where id = 2; delete from h_drop where id = 3;
--;
update h_pred set name = 'upd' where id = 1; update h_pred set sub = 21 where id = 2; delete from h_pred where id = 3
