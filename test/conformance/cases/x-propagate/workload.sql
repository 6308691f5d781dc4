insert into m select id + 10, t, tn, v, c, ct, e, d, dn, n2, i, b, by, ts, tz, tm, dt, u, j, x, ip, ta, va, ia, h, r, p, iv, bt, ch, mo from m;
--;
update m set i = 100 where id in (1, 2);
--;
delete from m where id in (1, 2);
