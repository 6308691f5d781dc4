create table users (
  id bigint primary key,
  name varchar(200) not null,
  email varchar(200) not null,
  status varchar(20) not null,
  preferences json not null,
  created_at timestamp(3) not null default current_timestamp(3)
);
create table products (
  id bigint primary key,
  name varchar(200) not null,
  price_cents int not null,
  stock int not null
);
create table orders (
  id bigint primary key,
  customer_id bigint not null,
  product_id bigint not null,
  quantity int not null,
  total_cents int not null,
  state varchar(20) not null,
  placed_at timestamp(3) not null default current_timestamp(3),
  index (customer_id)
);
