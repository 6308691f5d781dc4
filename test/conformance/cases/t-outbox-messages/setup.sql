create table plain(id int primary key)
