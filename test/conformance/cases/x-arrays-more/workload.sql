insert into a select id + 10, l, l2, e, tv, c, h, m, r, j, ui from a;
