insert into r_cast values (5, '7', null), (6, 'y', null), (7, '2020-02-02', null); update r_cast set e = '9' where id = 2; delete from r_cast where id = 1;
--;
insert into r_flat values (5, '7', null), (6, 'y', null), (7, '2020-02-02', null); update r_flat set e = '9' where id = 2; delete from r_flat where id = 1;
--;
insert into r_time values (5, '7', null), (6, 'y', null), (7, '2020-02-02', null); update r_time set e = '9' where id = 2; delete from r_time where id = 1;
--;
insert into r_vtk values (5, '7', null), (6, 'y', null), (7, '2020-02-02', null); update r_vtk set e = '9' where id = 2; delete from r_vtk where id = 1;
--;
insert into r_name values (5, '7', null), (6, 'y', null), (7, '2020-02-02', null); update r_name set e = '9' where id = 2; delete from r_name where id = 1;
--;
insert into r_outbox values (1, 'a', 'k', 't', 'p'), (2, null, 'k', 't', 'p'); update r_outbox set payload = 'q'; insert into r_outbox values (3, 'b', null, null, null)
