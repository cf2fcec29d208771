-- The monthly status of the credits that the bureau reports: 0 paid, 1 to 5 increasingly late, C
-- closed, X unknown. The first step makes one row per credit, so that the join to the applicant
-- stays small.

CREATE TEMPORARY VIEW bureau_balance_known AS
SELECT
    SK_ID_BUREAU,
    STATUS,
    CAST(MONTHS_BALANCE AS DOUBLE) AS MONTHS_BALANCE,
    CAST(CASE
        WHEN STATUS IN ('0', 'C') THEN 0 WHEN STATUS = '1' THEN 1 WHEN STATUS = '2' THEN 2
        WHEN STATUS = '3' THEN 3 WHEN STATUS = '4' THEN 4 WHEN STATUS = '5' THEN 5
    END AS DOUBLE) AS days_past_due_class
FROM bureau_balance
WHERE MONTHS_BALANCE <= 0;

CREATE TEMPORARY VIEW bureau_balance_credits AS
SELECT
    SK_ID_BUREAU,
    count(*) AS months,
    min(MONTHS_BALANCE) AS month_min,
    max(MONTHS_BALANCE) AS month_max,
    sum(MONTHS_BALANCE) AS month_sum,
    sum(CASE WHEN STATUS = '0' THEN 1 ELSE 0 END) AS status_0,
    sum(CASE WHEN STATUS = '1' THEN 1 ELSE 0 END) AS status_1,
    sum(CASE WHEN STATUS = '2' THEN 1 ELSE 0 END) AS status_2,
    sum(CASE WHEN STATUS = '3' THEN 1 ELSE 0 END) AS status_3,
    sum(CASE WHEN STATUS = '4' THEN 1 ELSE 0 END) AS status_4,
    sum(CASE WHEN STATUS = '5' THEN 1 ELSE 0 END) AS status_5,
    sum(CASE WHEN STATUS = 'C' THEN 1 ELSE 0 END) AS status_c,
    sum(CASE WHEN STATUS = 'X' THEN 1 ELSE 0 END) AS status_x,
    max(days_past_due_class) AS worst,
    sum(days_past_due_class) AS class_sum,
    count(days_past_due_class) AS class_months,
    max(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -3) AS worst_3m,
    sum(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -3) AS class_sum_3m,
    count(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -3) AS class_months_3m,
    max(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -6) AS worst_6m,
    sum(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -6) AS class_sum_6m,
    count(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -6) AS class_months_6m,
    max(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -12) AS worst_12m,
    sum(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -12) AS class_sum_12m,
    count(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -12) AS class_months_12m,
    max(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -24) AS worst_24m,
    sum(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -24) AS class_sum_24m,
    count(days_past_due_class) FILTER (WHERE MONTHS_BALANCE >= -24) AS class_months_24m,
    count(*) FILTER (WHERE days_past_due_class >= 1) AS late_months
FROM bureau_balance_known
GROUP BY SK_ID_BUREAU;

-- all, active and closed credits
SELECT
    SK_ID_CURR,
    sum(months) AS balance_months_count, -- Number of months that the bureau reports
    min(month_min) AS balance_month_min, -- First month reported (relative to the application)
    max(month_max) AS balance_month_max, -- Last month reported (relative to the application)
    sum(month_sum) / nullif(sum(months), 0) AS balance_month_mean, -- Mean month reported (relative to the application)
    avg(months) AS balance_months_per_credit, -- Mean number of months reported per credit
    sum(status_0) / nullif(sum(months), 0) AS balance_status_0_share, -- Share of months with status 0
    sum(status_1) / nullif(sum(months), 0) AS balance_status_1_share, -- Share of months with status 1
    sum(status_2) / nullif(sum(months), 0) AS balance_status_2_share, -- Share of months with status 2
    sum(status_3) / nullif(sum(months), 0) AS balance_status_3_share, -- Share of months with status 3
    sum(status_4) / nullif(sum(months), 0) AS balance_status_4_share, -- Share of months with status 4
    sum(status_5) / nullif(sum(months), 0) AS balance_status_5_share, -- Share of months with status 5
    sum(status_c) / nullif(sum(months), 0) AS balance_status_c_share, -- Share of months with status C
    sum(status_x) / nullif(sum(months), 0) AS balance_status_x_share, -- Share of months with status X
    max(worst) AS balance_worst_status, -- Worst monthly status, 0 to 5
    sum(class_sum) / nullif(sum(class_months), 0) AS balance_mean_status, -- Mean monthly status, 0 to 5
    sum(late_months) AS balance_late_months_count, -- Number of months past due
    max(worst_3m) AS balance_3m_worst_status, -- Worst monthly status of the last 3 months
    sum(class_sum_3m) / nullif(sum(class_months_3m), 0) AS balance_3m_mean_status, -- Mean monthly status of the last 3 months
    max(worst_6m) AS balance_6m_worst_status, -- Worst monthly status of the last 6 months
    sum(class_sum_6m) / nullif(sum(class_months_6m), 0) AS balance_6m_mean_status, -- Mean monthly status of the last 6 months
    max(worst_12m) AS balance_12m_worst_status, -- Worst monthly status of the last 12 months
    sum(class_sum_12m) / nullif(sum(class_months_12m), 0) AS balance_12m_mean_status, -- Mean monthly status of the last 12 months
    max(worst_24m) AS balance_24m_worst_status, -- Worst monthly status of the last 24 months
    sum(class_sum_24m) / nullif(sum(class_months_24m), 0) AS balance_24m_mean_status, -- Mean monthly status of the last 24 months
    sum(class_sum_6m) / nullif(sum(class_months_6m), 0) - sum(class_sum_24m) / nullif(sum(class_months_24m), 0) AS balance_status_trend, -- Mean monthly status of the last 6 months minus that of the last 24 months
    sum(months) FILTER (WHERE CREDIT_ACTIVE = 'Active') AS balance_active_months_count, -- Number of months reported, active credits
    max(worst) FILTER (WHERE CREDIT_ACTIVE = 'Active') AS balance_active_worst_status, -- Worst monthly status, active credits
    sum(class_sum) FILTER (WHERE CREDIT_ACTIVE = 'Active') / nullif(sum(class_months) FILTER (WHERE CREDIT_ACTIVE = 'Active'), 0) AS balance_active_mean_status, -- Mean monthly status, active credits
    sum(months) FILTER (WHERE CREDIT_ACTIVE = 'Closed') AS balance_closed_months_count, -- Number of months reported, closed credits
    max(worst) FILTER (WHERE CREDIT_ACTIVE = 'Closed') AS balance_closed_worst_status, -- Worst monthly status, closed credits
    sum(class_sum) FILTER (WHERE CREDIT_ACTIVE = 'Closed') / nullif(sum(class_months) FILTER (WHERE CREDIT_ACTIVE = 'Closed'), 0) AS balance_closed_mean_status -- Mean monthly status, closed credits
FROM bureau_balance_credits
INNER JOIN bureau_known USING (SK_ID_BUREAU)
GROUP BY SK_ID_CURR;
