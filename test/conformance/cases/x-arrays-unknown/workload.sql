insert into a_num select id + 10, i2, i4, i8, f4, f8, n, nd, m, o, b, i4n, p, il from a_num;
--;
insert into a_text select id + 10, t, v, c, ch, nm, ci, u, j, jb, x, e, en, h, l, pr, tn, tv from a_text;
--;
insert into a_time select id + 10, d, t, t0, t3, tz, ts, ts0, ts3, tt, tt3, iv, dn from a_time;
--;
insert into a_misc select id + 10, by, bt, b1, vb, ip, ci, ma, m8, r4, nr, dr, tr, pt, bx, byn from a_misc;
--;
delete from a_num where id = 1; delete from a_text where id = 1; delete from a_time where id = 1; delete from a_misc where id = 1;
