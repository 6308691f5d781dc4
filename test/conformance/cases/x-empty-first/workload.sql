insert into a_empty values (1); insert into z_empty values (1);
