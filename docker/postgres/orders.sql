create table orders (
  id bigint generated always as identity primary key,
  customer text not null,
  amount numeric(10, 2) not null,
  state text not null default 'new'
);
insert into orders (customer, amount) values ('Ada', 12.50), ('Grace', 99.00);
