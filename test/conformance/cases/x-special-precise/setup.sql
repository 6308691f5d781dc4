create table special(id int primary key, n numeric, n2 numeric(6,2), na numeric[], n2a numeric(6,2)[], f real, d double precision, fa real[]);
insert into special values (1, 'NaN', 'NaN', '{1,NaN}', '{NaN}', 'NaN', 'NaN', '{NaN,Infinity}'), (2, 'Infinity', null, '{-Infinity}', null, 'Infinity', '-Infinity', null), (3, '-Infinity', null, null, null, '-0', '-0', null), (4, 1, 1, '{1}', '{1}', 1, 1, '{1}');
create table special_full(id int primary key, n numeric, v text); alter table special_full replica identity full;
insert into special_full values (1, 'NaN', 'a');
