-- A small shop. REPLICA IDENTITY FULL, so that every change carries the row as it was.
create table users (
  id bigint primary key,
  name text not null,
  email text not null,
  status text not null,
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create table products (
  id bigint primary key,
  name text not null,
  price_cents int not null,
  stock int not null
);
create table orders (
  id bigint primary key,
  customer_id bigint not null references users on delete cascade,
  product_id bigint not null references products,
  quantity int not null,
  total_cents int not null,
  state text not null,
  placed_at timestamptz not null default now()
);
create index on orders (customer_id);
alter table users replica identity full;
alter table products replica identity full;
alter table orders replica identity full;
