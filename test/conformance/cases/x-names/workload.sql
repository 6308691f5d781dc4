insert into "Up Case"."Table Name"("Id Col", "e") values (2, null); insert into "sch.dot"."t.dot" values (2, 3); insert into "ünï"."tàble✓" values (2, 'y'); insert into "select"."from" values (2);
--;
insert into "__proto__" values (2, 'y'); insert into "constructor" values (2, 'q', 'i'); insert into "q""t'b" values (2, 'f', 'g', 'h', 'i', 'j'); insert into "a_very_long_table_name_that_goes_up_to_the_limit_of_sixtythree_" values (2); insert into "UPPER" values (2, 'U2'); insert into upper values (2, 'u2'); insert into "9digits" values (2, 3, 4);
--;
update "Up Case"."Table Name" set "value.dot" = 'z'; update "__proto__" set "toString" = 'ts'; update "constructor" set "__proto__" = 10 where "__proto__" = 1; update "q""t'b" set "a""b" = 9 where "a""b" = 2;
--;
delete from "sch.dot"."t.dot"; delete from "constructor"; delete from "Up Case"."Table Name" where "Id Col" = 2;
