-- Rules for all tables: ids are UUIDv7 made by fpcore; no foreign keys, indexes, sequences or
-- enum types, so that the same tables can later stand on DuckLake; `ver` counts the changes of a
-- row; times are UTC.

create table team (
    id uuid primary key,
    name varchar not null unique check (length(name) between 1 and 100),
    ver integer not null default 1,
    created_at timestamp not null,
    updated_at timestamp not null
);

create table account (
    id uuid primary key,
    username varchar not null unique check (username = lower(username) and length(username) between 1 and 60),
    name varchar not null,
    password_hash varchar,
    role varchar not null check (role in ('fp', 'manager', 'admin')),
    team_id uuid,
    language varchar check (language in ('ko', 'en')),
    disabled boolean not null default false,
    ver integer not null default 1,
    created_at timestamp not null,
    updated_at timestamp not null
);

-- Whoever runs commands on the machine itself: no password, so no sign-in (accounts.OPERATOR).
insert into account (id, username, name, role, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000000', 'operator', 'operator', 'admin',
        now() at time zone 'UTC', now() at time zone 'UTC');

create table import_batch (
    id uuid primary key,
    imported_by uuid not null,
    owner_id uuid,
    file_name varchar not null,
    file_sha256 varchar not null,
    encoding varchar not null,
    delimiter varchar not null,
    consent_basis varchar,
    row_count bigint not null,
    taken_count bigint not null,
    rejected_count bigint not null,
    created_at timestamp not null,
    check (row_count = taken_count + rejected_count)
);

create table customer (
    id uuid primary key,
    owner_id uuid not null,
    source_key varchar,
    name varchar not null check (length(trim(name)) between 1 and 100),
    birth_year smallint check (birth_year >= 1900),
    birth_date date check (birth_date is null or year(birth_date) = birth_year),
    gender varchar check (gender in ('M', 'F', 'O')),
    phone varchar,
    phone_hash varchar,
    email varchar,
    occupation varchar,
    last_contact_on date,
    notes varchar,
    batch_id uuid,
    ver integer not null default 1,
    created_at timestamp not null,
    updated_at timestamp not null
);

create table consent (
    id uuid primary key,
    customer_id uuid not null,
    kind varchar not null check (kind in ('collection', 'third_party', 'health', 'marketing')),
    basis varchar not null check (length(trim(basis)) > 0),
    given_on date not null,
    channel varchar not null,
    recorded_by uuid not null,
    batch_id uuid,
    created_at timestamp not null
);

create table policy (
    id uuid primary key,
    customer_id uuid not null,
    name varchar,
    insurer varchar,
    policy_number varchar,
    type varchar not null check (type in ('life', 'health', 'car', 'home', 'accident', 'other')),
    coverage_amount decimal(18, 2) check (coverage_amount >= 0),
    premium_amount decimal(18, 2) check (premium_amount >= 0),
    currency varchar not null default 'KRW' check (length(currency) = 3),
    premium_cycle varchar check (premium_cycle in
        ('monthly', 'quarterly', 'semiannual', 'annual', 'single', 'paid_up')),
    start_date date,
    end_date date check (end_date is null or start_date is null or end_date >= start_date),
    status varchar not null check (status in ('active', 'expired', 'cancelled', 'pending')),
    batch_id uuid,
    ver integer not null default 1,
    created_at timestamp not null,
    updated_at timestamp not null
);
