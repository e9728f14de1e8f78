-- The gap engine: what rules need to know of a customer, rules as managers changed them, targets set
-- by hand, and how the states of each customer's gaps changed.

-- Optional facts; null is not known. Amounts in won: income and living cost a month, debts in all.
-- DuckDB cannot add a check to a table that is there: fpcore.checks has the rules for these.
alter table customer add column monthly_income decimal(18, 2);
alter table customer add column income_basis varchar;
alter table customer add column living_cost decimal(18, 2);
alter table customer add column dependants smallint;
alter table customer add column debts decimal(18, 2);
alter table customer add column housing varchar;
alter table customer add column driving varchar;
alter table customer add column occupation_class tinyint;
alter table customer_before add column monthly_income decimal(18, 2);
alter table customer_before add column income_basis varchar;
alter table customer_before add column living_cost decimal(18, 2);
alter table customer_before add column dependants smallint;
alter table customer_before add column debts decimal(18, 2);
alter table customer_before add column housing varchar;
alter table customer_before add column driving varchar;
alter table customer_before add column occupation_class tinyint;

-- customer_row is made anew by fpcore.customer_rows: nothing in it is the only copy.
-- `born_on` is the birth date, or the first day of the birth year. `states` holds the states of all
-- gap rules of the set `rule_set`, five states a digit, the first rule lowest. `housing` and `driving`
-- are numbers, from 1 in the order of the words; amounts that rules compute with are whole won.
drop table customer_row;
create table customer_row (
    id uuid not null,
    owner_id uuid not null,
    name varchar not null,
    name_key varchar not null,
    initials varchar not null,
    birth_year smallint,
    birth_date date,
    born_on date,
    gender varchar,
    phone varchar,
    email varchar,
    occupation varchar,
    occupation_class tinyint,
    monthly_income bigint,
    living_cost bigint,
    dependants tinyint,
    debts bigint,
    housing tinyint,
    driving tinyint,
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
    total_premium_unknown integer not null,
    death_policies integer not null,
    death_coverage bigint,
    death_unknown integer not null,
    diagnosis_policies integer not null,
    diagnosis_coverage bigint,
    diagnosis_unknown integer not null,
    injury_policies integer not null,
    injury_coverage bigint,
    injury_unknown integer not null,
    driver_policies integer not null,
    vehicle_policies integer not null,
    indemnity_policies integer not null,
    unnamed_health_policies integer not null,
    protection_premium bigint,
    protection_premium_unknown integer not null,
    replaced_on date,
    replacement_unclear_on date,
    rule_set integer,
    states bigint
);

-- Rules that a manager published: `record` is JSON as in data/gap_rules.toml. Of several versions of
-- one code the highest that has begun holds; versions from the file come before these.
create table gap_rule (
    id uuid primary key,
    code varchar not null,
    version integer not null,
    record varchar not null,
    valid_from date not null,
    is_off boolean not null,
    note varchar not null,
    published_by uuid not null,
    created_at timestamp not null
);

-- The last rule file without a fault, to go on with when the file is broken.
create table gap_rule_file (
    sha256 varchar primary key,
    content varchar not null,
    created_at timestamp not null
);

-- Sets of rules for which states were kept; `members` is JSON.
create table gap_rule_set (
    id integer primary key,
    members varchar not null
);

-- The day up to which the states of all customers were kept: one row.
create table gap_settled (on_day date not null);

-- A state that changed: the first one of a customer under a rule is in no row, it was there from
-- the beginning. `account_id` and `batch_id` say who or which import, null where neither.
create table gap_change (
    id uuid primary key,
    customer_id uuid not null,
    code varchar not null,
    version integer not null,
    state_before varchar not null,
    state varchar not null,
    on_day date not null,
    cause varchar not null check (cause in ('import', 'undo', 'edit', 'rule', 'birthday', 'time')),
    account_id uuid,
    batch_id uuid,
    created_at timestamp not null
);

create table customer_target (
    id uuid primary key,
    customer_id uuid not null,
    code varchar not null,
    amount decimal(18, 2) not null check (amount >= 0),
    note varchar not null check (length(trim(note)) > 0),
    set_by uuid not null,
    ver integer not null default 1,
    created_at timestamp not null,
    updated_at timestamp not null
);
