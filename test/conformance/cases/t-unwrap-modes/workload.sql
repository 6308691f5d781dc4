insert into m_drop(id, owner, balance, target) values (3, 'cat', null, 'other.m_drop');
insert into m_tomb(id, owner, balance, target) values (3, 'cat', null, 'other.m_tomb');
insert into m_rew(id, owner, balance, target) values (3, 'cat', null, 'other.m_rew');
insert into m_rewt(id, owner, balance, target) values (3, 'cat', null, 'other.m_rewt');
insert into m_dtt(id, owner, balance, target) values (3, 'cat', null, 'other.m_dtt')
--;
begin;
update m_drop set balance = 13 where id = 1; update m_drop set owner = 'BOB', balance = null where id = 2;
update m_tomb set balance = 13 where id = 1; update m_tomb set owner = 'BOB', balance = null where id = 2;
update m_rew set balance = 13 where id = 1; update m_rew set owner = 'BOB', balance = null where id = 2;
update m_rewt set balance = 13 where id = 1; update m_rewt set owner = 'BOB', balance = null where id = 2;
update m_dtt set balance = 13 where id = 1; update m_dtt set owner = 'BOB', balance = null where id = 2;
commit;
--;
update m_drop set id = 30 where id = 3;
--;
update m_tomb set id = 30 where id = 3;
--;
update m_rew set id = 30 where id = 3;
--;
update m_rewt set id = 30 where id = 3;
--;
update m_dtt set id = 30 where id = 3
--;
delete from m_drop where id = 1;
--;
delete from m_tomb where id = 1;
--;
delete from m_rew where id = 1;
--;
delete from m_rewt where id = 1;
--;
delete from m_dtt where id = 1
--;
delete from m_drop where id = 2;
delete from m_tomb where id = 2;
delete from m_rew where id = 2;
delete from m_rewt where id = 2;
delete from m_dtt where id = 2
--;
truncate m_rew, m_tomb;
--;
