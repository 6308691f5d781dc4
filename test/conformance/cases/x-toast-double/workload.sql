update big set s = 1;
--;
update big set id = 2;
--;
update big set t = 'short', ia = '{1}';
