-- A small shop. REPLICA IDENTITY FULL, so that every change carries the row as it was: the demo's check follows each row's history by it.
create table customers (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null unique,
  status text not null default 'new',
  created_at timestamptz not null default now()
);
create table products (
  id int generated always as identity primary key,
  name text not null,
  price numeric(10, 2) not null,
  stock int not null
);
create table orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null references customers on delete cascade,
  product_id int not null references products,
  quantity int not null,
  total numeric(12, 2) not null,
  state text not null default 'placed',
  placed_at timestamptz not null default now()
);
alter table customers replica identity full;
alter table products replica identity full;
alter table orders replica identity full;

insert into products (name, price, stock)
select 'Product ' || n, round((5 + n * 1.37)::numeric, 2), 1000 from generate_series(1, 50) n;
insert into customers (name, email)
select 'Customer ' || n, 'customer' || n || '@example.com' from generate_series(1, 200) n;
insert into orders (customer_id, product_id, quantity, total)
select n, p.id, 1, p.price from generate_series(1, 20) n join products p on p.id = n;
