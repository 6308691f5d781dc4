create table ob(id uuid primary key, aggregatetype text not null, aggregateid text, type text, payload jsonb, ver int, note text);
