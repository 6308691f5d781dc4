select pg_logical_emit_message(true, 'a', '{"id":"1","aggregatetype":"t","aggregateid":"k","payload":"{\"a\": [1, 2], \"b\": {\"c\": null}}","kind":"x","n":5}');
--;
select pg_logical_emit_message(false, 'a', '{"id":"2","aggregatetype":"t","aggregateid":"k","payload":{"x":1,"y":[{"z":"q"}]},"kind":"y"}');
--;
select pg_logical_emit_message(true, 'a', '{"id":3,"aggregatetype":"u","aggregateid":7,"payload":"text","kind":null,"n":null}');
--;
select pg_logical_emit_message(true, 'a', '{"id":"4","aggregatetype":"u","aggregateid":null,"payload":null}');
--;
select pg_logical_emit_message(true, 'a', 'no json');
--;
select pg_logical_emit_message(true, 'a', '[1,2]');
--;
select pg_logical_emit_message(true, 'a', '{"id":"5"}');
--;
select pg_logical_emit_message(true, 'a', '');
--;
insert into plain values (1)
