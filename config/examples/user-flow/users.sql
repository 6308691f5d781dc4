-- The users of an application. REPLICA IDENTITY FULL, so that an update says what the row was before: the handler compares the two.
create table users (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null unique,
  status text not null default 'new',
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create table user_profiles (
  user_id bigint primary key references users on delete cascade,
  city text,
  bio text
);
alter table users replica identity full;
alter table user_profiles replica identity full;
