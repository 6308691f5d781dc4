update z_all set ts = '2023-12-31 23:00:00' where id = 1; delete from z_all where id = 1;
--;
update z_berlin set ts = '2023-12-31 23:00:00' where id = 1; delete from z_berlin where id = 1;
--;
update z_incl set ts = '2023-12-31 23:00:00' where id = 1; delete from z_incl where id = 1;
--;
update z_field set ts = '2023-12-31 23:00:00' where id = 1; delete from z_field where id = 1;
--;
update z_excl set ts = '2023-12-31 23:00:00' where id = 1; delete from z_excl where id = 1;
--;
update z_ny set ts = '2023-12-31 23:00:00' where id = 1; delete from z_ny where id = 1
