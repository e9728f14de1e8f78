-- How amounts are read. Loaded by amounts.py, which fills in what stands between @ signs. Each
-- macro gives NULL for what it cannot understand.

-- 1,234  1234.5  1.234,56  69,10 -> a decimal; NULL for anything else
create or replace temp macro plain_number(t) as try_cast(
    case
        when regexp_full_match(t, '-?\d{1,3}(,\d{3})+(\.\d+)?') then replace(t, ',', '')
        when regexp_full_match(t, '-?\d+(\.\d+)?') then t
        when regexp_full_match(t, '-?\d{1,3}(\.\d{3})+,\d{1,2}')
            then replace(replace(t, '.', ''), ',', '.')
        when regexp_full_match(t, '-?\d+,\d{1,2}') then replace(t, ',', '.')
    end as decimal(24, 6));

create or replace temp macro part(t) as if(t = '', 0, plain_number(t));

-- 1억 5,000만  2천5백만  1억5천 -> won; NULL for anything else
create or replace temp macro korean_number(t) as case
    when regexp_full_match(t, '@NUMBER@억\d천')
        then part(t[:-4]) * 100000000 + part(t[-2:-2]) * 10000000
    when regexp_matches(t, '\d.*[억만]') and regexp_matches(t, '@KOREAN_AMOUNT@')
        then list_reduce(list_transform(
            [
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 1), worth := 100000000),
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 2), worth := 10000000),
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 3), worth := 1000000),
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 4), worth := 100000),
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 5), worth := 10000),
                struct_pack(number := regexp_extract(t, '@KOREAN_AMOUNT@', 6), worth := 1)
            ],
            lambda p: part(p.number) * p.worth), lambda a, b: a + b)
end;

create or replace temp macro amount_text(t) as
    regexp_replace(
        upper(@NARROW@), '[\s₩\\￦$€¥]|원정?$|KRW|USD?|EUR|JPY|달러|유로|엔', '', 'g');

-- a plain number counts in the column's unit, one with 억 or 만 in won; digits alone, the usual
-- case, need no more looking at
create or replace temp macro amount(t, unit) as case
    when regexp_full_match(t, '\d{1,15}') then t::decimal(24, 6) * unit
    else coalesce(korean_number(amount_text(t)), plain_number(amount_text(t)) * unit)
end;
