-- The right to names: whether an account sees who the customers of others are. Everybody sees the
-- names of their own customers.
alter table account add column sees_names boolean default true;
