-- Sets with each customer, which heatmaps count: of which types in force something is known,
-- and not known, and how the customer stands against the rules (gap_states.kept; in the place of
-- type_states), which gap_history.settle finds out anew. `gaps` has a bit for each rule that finds one,
-- `consents` one for each kind of consent that holds (in the place of marketing).
alter table customer_row add column known_coverage utinyint;
alter table customer_row add column unknown_coverage utinyint;
alter table customer_row add column known_premium utinyint;
alter table customer_row add column unknown_premium utinyint;
alter table customer_row drop column marketing;
alter table customer_row add column consents utinyint;
alter table customer_row add column gaps bigint;
alter table customer_row drop column type_states;
alter table customer_row add column unmet utinyint;
alter table customer_row add column undecided utinyint;
alter table customer_row add column met utinyint;
alter table customer_row add column advised utinyint;
alter table customer_row add column short utinyint;
update customer_row set
    known_coverage = (if(life_policies > 0 and life_coverage is not null, 1, 0)
        | if(health_policies > 0 and health_coverage is not null, 2, 0)
        | if(car_policies > 0 and car_coverage is not null, 4, 0)
        | if(home_policies > 0 and home_coverage is not null, 8, 0)
        | if(accident_policies > 0 and accident_coverage is not null, 16, 0)
        | if(other_policies > 0 and other_coverage is not null, 32, 0))::utinyint,
    unknown_coverage = (if(life_unknown > 0, 1, 0)
        | if(health_unknown > 0, 2, 0)
        | if(car_unknown > 0, 4, 0)
        | if(home_unknown > 0, 8, 0)
        | if(accident_unknown > 0, 16, 0)
        | if(other_unknown > 0, 32, 0))::utinyint,
    known_premium = (if(life_policies > 0 and life_premium is not null, 1, 0)
        | if(health_policies > 0 and health_premium is not null, 2, 0)
        | if(car_policies > 0 and car_premium is not null, 4, 0)
        | if(home_policies > 0 and home_premium is not null, 8, 0)
        | if(accident_policies > 0 and accident_premium is not null, 16, 0)
        | if(other_policies > 0 and other_premium is not null, 32, 0))::utinyint,
    unknown_premium = (if(life_premium_unknown > 0, 1, 0)
        | if(health_premium_unknown > 0, 2, 0)
        | if(car_premium_unknown > 0, 4, 0)
        | if(home_premium_unknown > 0, 8, 0)
        | if(accident_premium_unknown > 0, 16, 0)
        | if(other_premium_unknown > 0, 32, 0))::utinyint;
update customer_row set consents = coalesce((
    select bit_or(case s.kind when 'collection' then 1 when 'third_party' then 2 when 'health' then 4
        else 8 end)::utinyint
    from consent s where s.customer_id = customer_row.id and s.withdrawn_on is null), 0);
delete from gap_settled;
