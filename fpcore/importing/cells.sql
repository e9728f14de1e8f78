-- How cells are read: text -> date, phone (amounts: facts/amounts.sql). Macros for one import, loaded by cells.py,
-- which fills in the words between @ signs. Each gives NULL for what it cannot understand.

create or replace temp macro folded(t) as
    regexp_replace(lower(narrow(t)), '[^\p{L}\p{N}\p{M}]+', '', 'g');

-- most texts are plain ones without a blank at either end: nothing to do, and trim is slow; the
-- quote that reporting puts before what Excel would run as a formula goes again
create or replace temp macro tidy(t) as
    if(regexp_full_match(t, '[!-&(-~가-힣]([ -~가-힣]*[!-~가-힣])?'),
        t, nullif(trim(regexp_replace(nfc_normalize(t), '^''([=+@\t-])', '\1'), @BLANKS@), ''));

create or replace temp macro currency_sign(t) as case
    when regexp_matches(upper(t), '\$|USD|달러') then 'USD'
    when regexp_matches(upper(t), '€|EUR|유로') then 'EUR'
    when regexp_matches(upper(t), '¥|JPY|엔') then 'JPY'
    when regexp_matches(upper(t), '₩|￦|KRW|원') then 'KRW'
end;

create or replace temp macro ymd(y, m, d) as
    try_cast(lpad(y, 4, '0') || '-' || lpad(m, 2, '0') || '-' || lpad(d, 2, '0') as date);

-- a year of two digits is the last one that is not after `latest`
create or replace temp macro short_ymd(y, m, d, latest) as case
    when ymd('20' || y, m, d) <= latest then ymd('20' || y, m, d)
    else ymd('19' || y, m, d)
end;

create or replace temp macro date_text(t) as case
    when length(t) <= 10 then narrow(t)
    else regexp_replace(narrow(t), '[T\s]+\d{1,2}:\d{2}.*$', '')
end;

-- 1985-03-02, the usual case, needs no more looking at
create or replace temp macro iso_date(t) as
    if(length(t) = 10 and t[5:5] = '-' and t[8:8] = '-', try_cast(t as date), null);

create or replace temp macro long_date(t) as case
    when regexp_full_match(t, '\d{4}\D{1,3}\d{1,2}\D{1,3}\d{1,2}\D{0,2}')
        then ymd(
        regexp_extract(t, '(\d+)\D+(\d+)\D+(\d+)', 1),
        regexp_extract(t, '(\d+)\D+(\d+)\D+(\d+)', 2),
        regexp_extract(t, '(\d+)\D+(\d+)\D+(\d+)', 3))
    when regexp_full_match(t, '\d{8}') then ymd(t[1:4], t[5:6], t[7:8])
    when regexp_full_match(t, '[1-7]\d{4}') then date '1899-12-30' + t::int
end;

create or replace temp macro short_date(t, latest) as case
    when regexp_full_match(t, '\d{2}\D{1,2}\d{1,2}\D{1,2}\d{1,2}\D{0,2}')
        then short_ymd(
            t[1:2],
            regexp_extract(t, '(\d+)\D+(\d+)\D+(\d+)', 2),
            regexp_extract(t, '(\d+)\D+(\d+)\D+(\d+)', 3),
            latest)
    when regexp_full_match(t, '\d{6}') then short_ymd(t[1:2], t[3:4], t[5:6], latest)
end;

-- `plain` is date_text(t), here and in policy_day: a column of its own, since each macro is written
-- out wherever it is mentioned, and planning what that comes to takes DuckDB longer than a small book
create or replace temp macro birthday(t, plain, latest) as
    coalesce(iso_date(t), long_date(plain), short_date(plain, latest));

-- 200306 as the month June 2003, or as the day 6 March 2020
create or replace temp macro year_month(t) as
    if(regexp_full_match(t, '(19|20)\d{2}(0[1-9]|1[0-2])'), ymd(t[1:4], t[5:6], '01'), null);
create or replace temp macro year_day(t) as
    if(regexp_full_match(t, '\d{6}'),
        short_ymd(t[1:2], t[3:4], t[5:6], date '2079-12-31'), null);

-- what six digits can be, as a column writes them: 'ym' or 'ymd'; where nobody knows, what can be
-- both is nobody's guess
create or replace temp macro six_digit_day(month, day, way) as case
    when way = 'ym' then month
    when way = 'ymd' then day
    when month is null or day is null then coalesce(month, day)
end;

create or replace temp macro policy_day(t, plain, six_digits) as case
    when iso_date(t) is not null and t[1:4] <> '9999' then iso_date(t)
    when regexp_matches(t, '^\s*9999|종신|평생|(?i:whole)') then date '@WHOLE_LIFE@'
    when regexp_full_match(plain, '\d{6}') then six_digits
    else coalesce(long_date(plain), short_date(plain, date '2079-12-31'))
end;

create or replace temp macro resident_birthday(t) as case
    when t[7:7] in ('1', '2', '5', '6') then ymd('19' || t[1:2], t[3:4], t[5:6])
    when t[7:7] in ('3', '4', '7', '8') then ymd('20' || t[1:2], t[3:4], t[5:6])
    when t[7:7] in ('9', '0') then ymd('18' || t[1:2], t[3:4], t[5:6])
end;

create or replace temp macro phone_digits(t) as case
    when regexp_full_match(t, '0[\d-]+') then replace(t, '-', '')
    else regexp_replace(
        regexp_replace(
            regexp_replace(narrow(t), '[^\d+]', '', 'g'),
            '^\+?82-?0?', '0'),
        '^(1[016789]\d{7,8})$', '0\1')
end;

create or replace temp macro mask(digits) as
    digits[:if(starts_with(digits, '02'), 2, 3)]
    || '-' || repeat('*', greatest(length(digits) - if(starts_with(digits, '02'), 2, 3) - 4, 0))
    || '-' || digits[-4:];
