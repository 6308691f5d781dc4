create table of_a(event_id bigint primary key, kind text not null, root uuid not null, body text, at timestamp(3), n int default 7, flag boolean, price numeric(6,2), p int);
create table of_b(id int primary key, aggregatetype text, aggregateid int, version int, payload text, at timestamp(6));
create table of_c(id uuid primary key, aggregatetype text, aggregateid text, type text, payload text, at timestamptz);
create table of_d(id uuid primary key, aggregatetype text, aggregateid text, type text, payload jsonb, arr int[], js jsonb, blob bytea, d date, t time, tz timestamptz);
create table of_e(k text, n int primary key);
