-- The last content without a fault of each file in data/ that people edit, to go on with when the
-- file is broken.
create table good_file (
    name varchar primary key,
    sha256 varchar not null,
    content varchar not null,
    created_at timestamp not null
);

insert into good_file select 'gap_rules.toml', sha256, content, created_at from gap_rule_file;

drop table gap_rule_file;
