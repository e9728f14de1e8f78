-- What an import leaves behind: how it went, which changes of the log are its own, and what the
-- rows were before it, so that it can be undone; and what a person decided about a file's columns.

-- DuckDB cannot alter a check, so import_batch is made anew. Of earlier imports only the rows
-- that were taken were counted: they stand in created_count, the counts that nobody knows are null.
create temp table import_batch_before as from import_batch;
drop table import_batch;
create table import_batch (
    id uuid primary key,
    imported_by uuid not null,
    owner_id uuid,
    file_name varchar not null,
    file_sha256 varchar not null,
    encoding varchar,
    delimiter varchar,
    consent_basis varchar,
    state varchar not null check (state in
        ('running', 'done', 'undone', 'cancelled', 'failed', 'interrupted')),
    row_count bigint,
    created_count bigint,
    updated_count bigint,
    unchanged_count bigint,
    rejected_count bigint,
    question_count bigint,
    customers_created bigint,
    policies_created bigint,
    created_at timestamp not null,
    finished_at timestamp,
    undone_by uuid,
    undone_at timestamp,
    check (state not in ('done', 'undone') or coalesce(row_count = created_count
        + coalesce(updated_count, 0) + coalesce(unchanged_count, 0)
        + rejected_count + coalesce(question_count, 0), false))
);
insert into import_batch by name
select * exclude (taken_count), 'done' as state, taken_count as created_count,
    created_at as finished_at
from import_batch_before;
drop table import_batch_before;

-- batch_id: the import that did it; null where a person did it by hand.
alter table audit add column batch_id uuid;
update audit set batch_id = b.id from import_batch b
where b.created_at = audit.done_at and b.imported_by = audit.account_id;

-- customer.batch_id and policy.batch_id: the import that created the row. Until now it was the
-- last one that wrote it; a row was made at the very time of its import.
update customer set batch_id = (
    select b.id from import_batch b where b.created_at = customer.created_at)
where batch_id is not null and ver > 1;
update policy set batch_id = (
    select b.id from import_batch b where b.created_at = policy.created_at)
where batch_id is not null and ver > 1;

-- Rows as they were before the import `import_id` made them version `after_ver`. One without a
-- `ver` of its own says that the row was not there before: the import created it, and the undoing
-- of later ones brought it back to that as version `after_ver`.
create table customer_before as
select null::uuid as import_id, null::integer as after_ver, * from customer limit 0;
create table policy_before as
select null::uuid as import_id, null::integer as after_ver, * from policy limit 0;

-- `headers` is the SHA-256 of the folded headers of a file; `said` is JSON.
create table import_mapping (
    id uuid primary key,
    account_id uuid not null,
    name varchar not null check (length(trim(name)) between 1 and 60),
    headers varchar not null,
    said varchar not null,
    created_at timestamp not null,
    updated_at timestamp not null
);
