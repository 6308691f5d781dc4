select pg_logical_emit_message(false, 'abc', 'one'), pg_logical_emit_message(false, 'other', 'two');
--;
begin; select pg_logical_emit_message(true, 'keep', '\x00ff'::bytea); insert into nk values ('m', 1); select pg_logical_emit_message(true, 'drop', 'x'); select pg_logical_emit_message(true, 'a', ''); commit;
--;
select pg_logical_emit_message(false, 'KEEP', 'case');
