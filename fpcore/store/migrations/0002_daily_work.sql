-- What an FP's day needs: contacts, consents with their kind and withdrawal, who did what, saved
-- filters; and customer_row, the one wide row a customer that lists, heatmaps and rules read.

alter table policy rename column name to policy_name;

alter table customer add column next_contact_on date;
alter table customer add column withdrawn_on date;
alter table customer add column destroy_by date;

alter table consent add column text_version varchar;
alter table consent add column withdrawn_on date;
alter table consent add column withdrawn_channel varchar;
alter table consent add column withdrawn_by uuid;

create table contact (
    id uuid primary key,
    customer_id uuid not null,
    contacted_on date not null,
    channel varchar not null check (channel in ('phone', 'message', 'email', 'visit', 'other')),
    outcome varchar not null check (outcome in
        ('reached', 'appointment', 'declined', 'no_answer', 'wrong_number')),
    notes varchar,
    recorded_by uuid not null,
    created_at timestamp not null
);

-- `customer_id` is null once the person is erased; `changes` is JSON, null once they are gone.
create table audit (
    id uuid primary key,
    done_at timestamp not null,
    account_id uuid not null,
    action varchar not null,
    customer_id uuid,
    record varchar not null check (record in ('customer', 'policy', 'contact', 'consent')),
    record_id uuid,
    ver integer,
    changes varchar
);

create table saved_filter (
    id uuid primary key,
    account_id uuid not null,
    name varchar not null check (length(trim(name)) between 1 and 60),
    wanted varchar not null,
    created_at timestamp not null
);

-- Kept by fpcore.customer_rows in the transaction that changes a customer, a policy, a contact or
-- a consent; true of every day from held_from to the one before held_until. No primary key: every
-- change takes the row out and puts it in anew, and an index would keep the file from shrinking.
create table customer_row (
    id uuid not null,
    owner_id uuid not null,
    name varchar not null,
    name_key varchar not null,
    initials varchar not null,
    birth_year smallint,
    birth_date date,
    gender varchar,
    phone varchar,
    email varchar,
    occupation varchar,
    last_contact_on date,
    next_contact_on date,
    marketing boolean not null,
    withdrawn_on date,
    words varchar not null,
    expired_policies integer not null,
    cancelled_policies integer not null,
    pending_policies integer not null,
    next_end_on date,
    held_from date not null,
    held_until date not null,
    life_policies integer not null,
    life_coverage decimal(18, 2),
    life_unknown integer not null,
    life_premium decimal(18, 2),
    life_premium_unknown integer not null,
    health_policies integer not null,
    health_coverage decimal(18, 2),
    health_unknown integer not null,
    health_premium decimal(18, 2),
    health_premium_unknown integer not null,
    car_policies integer not null,
    car_coverage decimal(18, 2),
    car_unknown integer not null,
    car_premium decimal(18, 2),
    car_premium_unknown integer not null,
    home_policies integer not null,
    home_coverage decimal(18, 2),
    home_unknown integer not null,
    home_premium decimal(18, 2),
    home_premium_unknown integer not null,
    accident_policies integer not null,
    accident_coverage decimal(18, 2),
    accident_unknown integer not null,
    accident_premium decimal(18, 2),
    accident_premium_unknown integer not null,
    other_policies integer not null,
    other_coverage decimal(18, 2),
    other_unknown integer not null,
    other_premium decimal(18, 2),
    other_premium_unknown integer not null,
    total_policies integer not null,
    total_coverage decimal(18, 2),
    total_unknown integer not null,
    total_premium decimal(18, 2),
    total_premium_unknown integer not null
);
