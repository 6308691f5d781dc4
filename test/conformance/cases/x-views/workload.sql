insert into t(id, a) values (2, 3); insert into ul values (2); insert into wide(id, c199) values (2, 7);
--;
update t set a = 5 where id = 1;
--;
delete from t where id = 2; delete from wide;
