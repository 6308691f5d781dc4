create table t(id int primary key, secret text, hide text, v text); create table u(k int, v text); insert into t values (1, 's', 'h', 'v'); insert into u values (1, 'x');
