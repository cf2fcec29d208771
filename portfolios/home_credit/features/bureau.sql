-- Credits with other lenders that the credit bureau reports.
-- Only reports up to the day of the application are used: later reports reveal the outcome.

CREATE TEMPORARY VIEW bureau_known AS
SELECT
    SK_ID_CURR,
    SK_ID_BUREAU,
    CREDIT_ACTIVE,
    CREDIT_CURRENCY,
    CREDIT_TYPE,
    CAST(DAYS_CREDIT AS DOUBLE) AS DAYS_CREDIT,
    CAST(CREDIT_DAY_OVERDUE AS DOUBLE) AS CREDIT_DAY_OVERDUE,
    CAST(DAYS_CREDIT_ENDDATE AS DOUBLE) AS DAYS_CREDIT_ENDDATE,
    CAST(AMT_CREDIT_MAX_OVERDUE AS DOUBLE) AS AMT_CREDIT_MAX_OVERDUE,
    CAST(CNT_CREDIT_PROLONG AS DOUBLE) AS CNT_CREDIT_PROLONG,
    CAST(AMT_CREDIT_SUM AS DOUBLE) AS AMT_CREDIT_SUM,
    CAST(AMT_CREDIT_SUM_DEBT AS DOUBLE) AS AMT_CREDIT_SUM_DEBT,
    CAST(AMT_CREDIT_SUM_LIMIT AS DOUBLE) AS AMT_CREDIT_SUM_LIMIT,
    CAST(AMT_CREDIT_SUM_OVERDUE AS DOUBLE) AS AMT_CREDIT_SUM_OVERDUE,
    CAST(DAYS_CREDIT_UPDATE AS DOUBLE) AS DAYS_CREDIT_UPDATE,
    CAST(AMT_ANNUITY AS DOUBLE) AS AMT_ANNUITY,
    CASE WHEN DAYS_ENDDATE_FACT <= 0 THEN CAST(DAYS_ENDDATE_FACT AS DOUBLE) END AS DAYS_ENDDATE_FACT,
    row_number() OVER (
        PARTITION BY SK_ID_CURR ORDER BY DAYS_CREDIT DESC, SK_ID_BUREAU DESC
    ) AS recency
FROM bureau
WHERE DAYS_CREDIT <= 0 AND coalesce(DAYS_CREDIT_UPDATE, 0) <= 0;

-- all credits
SELECT
    SK_ID_CURR,
    count(*) AS bureau_count, -- Credits that the bureau reports
    count(*) FILTER (WHERE CREDIT_ACTIVE = 'Active') AS bureau_active_count, -- Number of active credits
    count(*) FILTER (WHERE CREDIT_ACTIVE = 'Closed') AS bureau_closed_count, -- Number of closed credits
    min(DAYS_CREDIT) AS bureau_days_credit_min, -- Minimum of the day of the credit (relative to the application)
    max(DAYS_CREDIT) AS bureau_days_credit_max, -- Maximum of the day of the credit (relative to the application)
    avg(DAYS_CREDIT) AS bureau_days_credit_mean, -- Mean of the day of the credit (relative to the application)
    var_samp(DAYS_CREDIT) AS bureau_days_credit_var, -- Variance of the day of the credit (relative to the application)
    min(DAYS_CREDIT_ENDDATE) AS bureau_days_enddate_min, -- Minimum of the agreed last day (relative to the application)
    max(DAYS_CREDIT_ENDDATE) AS bureau_days_enddate_max, -- Maximum of the agreed last day (relative to the application)
    avg(DAYS_CREDIT_ENDDATE) AS bureau_days_enddate_mean, -- Mean of the agreed last day (relative to the application)
    max(DAYS_CREDIT_UPDATE) AS bureau_days_update_max, -- Maximum of the day of the report (relative to the application)
    avg(DAYS_CREDIT_UPDATE) AS bureau_days_update_mean, -- Mean of the day of the report (relative to the application)
    max(CREDIT_DAY_OVERDUE) AS bureau_days_overdue_max, -- Maximum of days overdue
    avg(CREDIT_DAY_OVERDUE) AS bureau_days_overdue_mean, -- Mean of days overdue
    max(AMT_CREDIT_MAX_OVERDUE) AS bureau_max_overdue_amount_max, -- Maximum of the highest overdue amount
    avg(AMT_CREDIT_MAX_OVERDUE) AS bureau_max_overdue_amount_mean, -- Mean of the highest overdue amount
    max(AMT_CREDIT_SUM) AS bureau_credit_amount_max, -- Maximum of the credit amount
    avg(AMT_CREDIT_SUM) AS bureau_credit_amount_mean, -- Mean of the credit amount
    sum(AMT_CREDIT_SUM) AS bureau_credit_amount_sum, -- Sum of the credit amount
    max(AMT_CREDIT_SUM_DEBT) AS bureau_debt_amount_max, -- Maximum of the debt
    avg(AMT_CREDIT_SUM_DEBT) AS bureau_debt_amount_mean, -- Mean of the debt
    sum(AMT_CREDIT_SUM_DEBT) AS bureau_debt_amount_sum, -- Sum of the debt
    max(AMT_CREDIT_SUM_OVERDUE) AS bureau_overdue_amount_max, -- Maximum of the overdue amount
    avg(AMT_CREDIT_SUM_OVERDUE) AS bureau_overdue_amount_mean, -- Mean of the overdue amount
    sum(AMT_CREDIT_SUM_OVERDUE) AS bureau_overdue_amount_sum, -- Sum of the overdue amount
    max(AMT_CREDIT_SUM_LIMIT) AS bureau_limit_amount_max, -- Maximum of the limit
    avg(AMT_CREDIT_SUM_LIMIT) AS bureau_limit_amount_mean, -- Mean of the limit
    sum(AMT_CREDIT_SUM_LIMIT) AS bureau_limit_amount_sum, -- Sum of the limit
    max(AMT_ANNUITY) AS bureau_annuity_amount_max, -- Maximum of the annuity
    avg(AMT_ANNUITY) AS bureau_annuity_amount_mean, -- Mean of the annuity
    max(CNT_CREDIT_PROLONG) AS bureau_prolonged_count_max, -- Maximum of the number of prolongations
    avg(CNT_CREDIT_PROLONG) AS bureau_prolonged_count_mean, -- Mean of the number of prolongations
    sum(CNT_CREDIT_PROLONG) AS bureau_prolonged_count_sum, -- Sum of the number of prolongations
    count(DISTINCT CREDIT_TYPE) AS bureau_types_count, -- Number of credit types
    max(DAYS_ENDDATE_FACT) AS bureau_days_closed_max, -- Day on which the last credit was closed (relative to the application)
    avg(DAYS_ENDDATE_FACT - DAYS_CREDIT_ENDDATE) AS bureau_closed_late_days_mean, -- Mean number of days from the agreed to the actual last day
    sum(AMT_CREDIT_SUM_DEBT) / nullif(sum(AMT_CREDIT_SUM), 0) AS bureau_debt_credit_ratio, -- Ratio of debt to credit amount
    sum(AMT_CREDIT_SUM_OVERDUE) / nullif(sum(AMT_CREDIT_SUM_DEBT), 0) AS bureau_overdue_debt_ratio, -- Ratio of overdue amount to debt
    avg(CASE WHEN CREDIT_ACTIVE = 'Active' THEN 1 ELSE 0 END) AS bureau_active_share, -- Share with status Active
    avg(CASE WHEN CREDIT_ACTIVE = 'Closed' THEN 1 ELSE 0 END) AS bureau_closed_share, -- Share with status Closed
    avg(CASE WHEN CREDIT_ACTIVE = 'Sold' THEN 1 ELSE 0 END) AS bureau_sold_share, -- Share with status Sold
    avg(CASE WHEN CREDIT_ACTIVE = 'Bad debt' THEN 1 ELSE 0 END) AS bureau_bad_debt_share, -- Share with status Bad debt
    avg(CASE WHEN CREDIT_CURRENCY = 'currency 1' THEN 1 ELSE 0 END) AS bureau_currency_1_share, -- Share with currency 1
    avg(CASE WHEN CREDIT_CURRENCY = 'currency 2' THEN 1 ELSE 0 END) AS bureau_currency_2_share, -- Share with currency 2
    avg(CASE WHEN CREDIT_CURRENCY = 'currency 3' THEN 1 ELSE 0 END) AS bureau_currency_3_share, -- Share with currency 3
    avg(CASE WHEN CREDIT_CURRENCY = 'currency 4' THEN 1 ELSE 0 END) AS bureau_currency_4_share, -- Share with currency 4
    avg(CASE WHEN CREDIT_TYPE = 'Consumer credit' THEN 1 ELSE 0 END) AS bureau_consumer_credit_share, -- Share with type Consumer credit
    avg(CASE WHEN CREDIT_TYPE = 'Credit card' THEN 1 ELSE 0 END) AS bureau_credit_card_share, -- Share with type Credit card
    avg(CASE WHEN CREDIT_TYPE = 'Car loan' THEN 1 ELSE 0 END) AS bureau_car_loan_share, -- Share with type Car loan
    avg(CASE WHEN CREDIT_TYPE = 'Mortgage' THEN 1 ELSE 0 END) AS bureau_mortgage_share, -- Share with type Mortgage
    avg(CASE WHEN CREDIT_TYPE = 'Microloan' THEN 1 ELSE 0 END) AS bureau_microloan_share, -- Share with type Microloan
    avg(CASE WHEN CREDIT_TYPE = 'Loan for business development' THEN 1 ELSE 0 END) AS bureau_loan_for_business_development_share, -- Share with type Loan for business development
    avg(CASE WHEN CREDIT_TYPE = 'Loan for working capital replenishment' THEN 1 ELSE 0 END) AS bureau_loan_for_working_capital_replenishment_share, -- Share with type Loan for working capital replenishment
    avg(CASE WHEN CREDIT_TYPE = 'Unknown type of loan' THEN 1 ELSE 0 END) AS bureau_unknown_type_of_loan_share, -- Share with type Unknown type of loan
    avg(CASE WHEN CREDIT_TYPE = 'Another type of loan' THEN 1 ELSE 0 END) AS bureau_another_type_of_loan_share, -- Share with type Another type of loan
    avg(CASE WHEN CREDIT_TYPE = 'Cash loan (non-earmarked)' THEN 1 ELSE 0 END) AS bureau_cash_loan_non_earmarked_share, -- Share with type Cash loan (non-earmarked)
    avg(CASE WHEN CREDIT_TYPE = 'Real estate loan' THEN 1 ELSE 0 END) AS bureau_real_estate_loan_share, -- Share with type Real estate loan
    avg(CASE WHEN CREDIT_TYPE = 'Loan for the purchase of equipment' THEN 1 ELSE 0 END) AS bureau_loan_for_the_purchase_of_equipment_share, -- Share with type Loan for the purchase of equipment
    avg(CASE WHEN CREDIT_TYPE = 'Interbank credit' THEN 1 ELSE 0 END) AS bureau_interbank_credit_share, -- Share with type Interbank credit
    avg(CASE WHEN CREDIT_TYPE = 'Mobile operator loan' THEN 1 ELSE 0 END) AS bureau_mobile_operator_loan_share, -- Share with type Mobile operator loan
    avg(CASE WHEN CREDIT_TYPE = 'Loan for purchase of shares (margin lending)' THEN 1 ELSE 0 END) AS bureau_loan_for_purchase_of_shares_margin_lending_share -- Share with type Loan for purchase of shares (margin lending)
FROM bureau_known
GROUP BY SK_ID_CURR;

-- active credits
SELECT
    SK_ID_CURR,
    min(DAYS_CREDIT) AS bureau_active_days_credit_min, -- Minimum of the day of the credit (relative to the application), active credits
    max(DAYS_CREDIT) AS bureau_active_days_credit_max, -- Maximum of the day of the credit (relative to the application), active credits
    avg(DAYS_CREDIT) AS bureau_active_days_credit_mean, -- Mean of the day of the credit (relative to the application), active credits
    var_samp(DAYS_CREDIT) AS bureau_active_days_credit_var, -- Variance of the day of the credit (relative to the application), active credits
    min(DAYS_CREDIT_ENDDATE) AS bureau_active_days_enddate_min, -- Minimum of the agreed last day (relative to the application), active credits
    max(DAYS_CREDIT_ENDDATE) AS bureau_active_days_enddate_max, -- Maximum of the agreed last day (relative to the application), active credits
    avg(DAYS_CREDIT_ENDDATE) AS bureau_active_days_enddate_mean, -- Mean of the agreed last day (relative to the application), active credits
    max(DAYS_CREDIT_UPDATE) AS bureau_active_days_update_max, -- Maximum of the day of the report (relative to the application), active credits
    avg(DAYS_CREDIT_UPDATE) AS bureau_active_days_update_mean, -- Mean of the day of the report (relative to the application), active credits
    max(CREDIT_DAY_OVERDUE) AS bureau_active_days_overdue_max, -- Maximum of days overdue, active credits
    avg(CREDIT_DAY_OVERDUE) AS bureau_active_days_overdue_mean, -- Mean of days overdue, active credits
    max(AMT_CREDIT_MAX_OVERDUE) AS bureau_active_max_overdue_amount_max, -- Maximum of the highest overdue amount, active credits
    avg(AMT_CREDIT_MAX_OVERDUE) AS bureau_active_max_overdue_amount_mean, -- Mean of the highest overdue amount, active credits
    max(AMT_CREDIT_SUM) AS bureau_active_credit_amount_max, -- Maximum of the credit amount, active credits
    avg(AMT_CREDIT_SUM) AS bureau_active_credit_amount_mean, -- Mean of the credit amount, active credits
    sum(AMT_CREDIT_SUM) AS bureau_active_credit_amount_sum, -- Sum of the credit amount, active credits
    max(AMT_CREDIT_SUM_DEBT) AS bureau_active_debt_amount_max, -- Maximum of the debt, active credits
    avg(AMT_CREDIT_SUM_DEBT) AS bureau_active_debt_amount_mean, -- Mean of the debt, active credits
    sum(AMT_CREDIT_SUM_DEBT) AS bureau_active_debt_amount_sum, -- Sum of the debt, active credits
    max(AMT_CREDIT_SUM_OVERDUE) AS bureau_active_overdue_amount_max, -- Maximum of the overdue amount, active credits
    avg(AMT_CREDIT_SUM_OVERDUE) AS bureau_active_overdue_amount_mean, -- Mean of the overdue amount, active credits
    sum(AMT_CREDIT_SUM_OVERDUE) AS bureau_active_overdue_amount_sum, -- Sum of the overdue amount, active credits
    max(AMT_CREDIT_SUM_LIMIT) AS bureau_active_limit_amount_max, -- Maximum of the limit, active credits
    avg(AMT_CREDIT_SUM_LIMIT) AS bureau_active_limit_amount_mean, -- Mean of the limit, active credits
    sum(AMT_CREDIT_SUM_LIMIT) AS bureau_active_limit_amount_sum, -- Sum of the limit, active credits
    max(AMT_ANNUITY) AS bureau_active_annuity_amount_max, -- Maximum of the annuity, active credits
    avg(AMT_ANNUITY) AS bureau_active_annuity_amount_mean, -- Mean of the annuity, active credits
    max(CNT_CREDIT_PROLONG) AS bureau_active_prolonged_count_max, -- Maximum of the number of prolongations, active credits
    avg(CNT_CREDIT_PROLONG) AS bureau_active_prolonged_count_mean, -- Mean of the number of prolongations, active credits
    sum(CNT_CREDIT_PROLONG) AS bureau_active_prolonged_count_sum, -- Sum of the number of prolongations, active credits
    sum(AMT_CREDIT_SUM_DEBT) / nullif(sum(AMT_CREDIT_SUM), 0) AS bureau_active_debt_credit_ratio -- Ratio of debt to credit amount, active credits
FROM bureau_known
WHERE CREDIT_ACTIVE = 'Active'
GROUP BY SK_ID_CURR;

-- closed credits
SELECT
    SK_ID_CURR,
    min(DAYS_CREDIT) AS bureau_closed_days_credit_min, -- Minimum of the day of the credit (relative to the application), closed credits
    max(DAYS_CREDIT) AS bureau_closed_days_credit_max, -- Maximum of the day of the credit (relative to the application), closed credits
    avg(DAYS_CREDIT) AS bureau_closed_days_credit_mean, -- Mean of the day of the credit (relative to the application), closed credits
    var_samp(DAYS_CREDIT) AS bureau_closed_days_credit_var, -- Variance of the day of the credit (relative to the application), closed credits
    min(DAYS_CREDIT_ENDDATE) AS bureau_closed_days_enddate_min, -- Minimum of the agreed last day (relative to the application), closed credits
    max(DAYS_CREDIT_ENDDATE) AS bureau_closed_days_enddate_max, -- Maximum of the agreed last day (relative to the application), closed credits
    avg(DAYS_CREDIT_ENDDATE) AS bureau_closed_days_enddate_mean, -- Mean of the agreed last day (relative to the application), closed credits
    max(DAYS_CREDIT_UPDATE) AS bureau_closed_days_update_max, -- Maximum of the day of the report (relative to the application), closed credits
    avg(DAYS_CREDIT_UPDATE) AS bureau_closed_days_update_mean, -- Mean of the day of the report (relative to the application), closed credits
    max(CREDIT_DAY_OVERDUE) AS bureau_closed_days_overdue_max, -- Maximum of days overdue, closed credits
    avg(CREDIT_DAY_OVERDUE) AS bureau_closed_days_overdue_mean, -- Mean of days overdue, closed credits
    max(AMT_CREDIT_MAX_OVERDUE) AS bureau_closed_max_overdue_amount_max, -- Maximum of the highest overdue amount, closed credits
    avg(AMT_CREDIT_MAX_OVERDUE) AS bureau_closed_max_overdue_amount_mean, -- Mean of the highest overdue amount, closed credits
    max(AMT_CREDIT_SUM) AS bureau_closed_credit_amount_max, -- Maximum of the credit amount, closed credits
    avg(AMT_CREDIT_SUM) AS bureau_closed_credit_amount_mean, -- Mean of the credit amount, closed credits
    sum(AMT_CREDIT_SUM) AS bureau_closed_credit_amount_sum, -- Sum of the credit amount, closed credits
    max(AMT_CREDIT_SUM_DEBT) AS bureau_closed_debt_amount_max, -- Maximum of the debt, closed credits
    avg(AMT_CREDIT_SUM_DEBT) AS bureau_closed_debt_amount_mean, -- Mean of the debt, closed credits
    sum(AMT_CREDIT_SUM_DEBT) AS bureau_closed_debt_amount_sum, -- Sum of the debt, closed credits
    max(AMT_CREDIT_SUM_OVERDUE) AS bureau_closed_overdue_amount_max, -- Maximum of the overdue amount, closed credits
    avg(AMT_CREDIT_SUM_OVERDUE) AS bureau_closed_overdue_amount_mean, -- Mean of the overdue amount, closed credits
    sum(AMT_CREDIT_SUM_OVERDUE) AS bureau_closed_overdue_amount_sum, -- Sum of the overdue amount, closed credits
    max(AMT_CREDIT_SUM_LIMIT) AS bureau_closed_limit_amount_max, -- Maximum of the limit, closed credits
    avg(AMT_CREDIT_SUM_LIMIT) AS bureau_closed_limit_amount_mean, -- Mean of the limit, closed credits
    sum(AMT_CREDIT_SUM_LIMIT) AS bureau_closed_limit_amount_sum, -- Sum of the limit, closed credits
    max(AMT_ANNUITY) AS bureau_closed_annuity_amount_max, -- Maximum of the annuity, closed credits
    avg(AMT_ANNUITY) AS bureau_closed_annuity_amount_mean, -- Mean of the annuity, closed credits
    max(CNT_CREDIT_PROLONG) AS bureau_closed_prolonged_count_max, -- Maximum of the number of prolongations, closed credits
    avg(CNT_CREDIT_PROLONG) AS bureau_closed_prolonged_count_mean, -- Mean of the number of prolongations, closed credits
    sum(CNT_CREDIT_PROLONG) AS bureau_closed_prolonged_count_sum, -- Sum of the number of prolongations, closed credits
    sum(AMT_CREDIT_SUM_DEBT) / nullif(sum(AMT_CREDIT_SUM), 0) AS bureau_closed_debt_credit_ratio -- Ratio of debt to credit amount, closed credits
FROM bureau_known
WHERE CREDIT_ACTIVE = 'Closed'
GROUP BY SK_ID_CURR;

-- credits of the last 3, 6, 12 and 24 months
SELECT
    SK_ID_CURR,
    count(*) FILTER (WHERE DAYS_CREDIT >= -91) AS bureau_3m_count, -- Number of credits of the last 3 months
    sum(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -91) AS bureau_3m_credit_amount_sum, -- Sum of the credit amount, credits of the last 3 months
    avg(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -91) AS bureau_3m_credit_amount_mean, -- Mean of the credit amount, credits of the last 3 months
    sum(AMT_CREDIT_SUM_DEBT) FILTER (WHERE DAYS_CREDIT >= -91) AS bureau_3m_debt_amount_sum, -- Sum of the debt, credits of the last 3 months
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE DAYS_CREDIT >= -91) AS bureau_3m_days_overdue_max, -- Maximum of days overdue, credits of the last 3 months
    count(*) FILTER (WHERE DAYS_CREDIT >= -183) AS bureau_6m_count, -- Number of credits of the last 6 months
    sum(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -183) AS bureau_6m_credit_amount_sum, -- Sum of the credit amount, credits of the last 6 months
    avg(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -183) AS bureau_6m_credit_amount_mean, -- Mean of the credit amount, credits of the last 6 months
    sum(AMT_CREDIT_SUM_DEBT) FILTER (WHERE DAYS_CREDIT >= -183) AS bureau_6m_debt_amount_sum, -- Sum of the debt, credits of the last 6 months
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE DAYS_CREDIT >= -183) AS bureau_6m_days_overdue_max, -- Maximum of days overdue, credits of the last 6 months
    count(*) FILTER (WHERE DAYS_CREDIT >= -365) AS bureau_12m_count, -- Number of credits of the last 12 months
    sum(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -365) AS bureau_12m_credit_amount_sum, -- Sum of the credit amount, credits of the last 12 months
    avg(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -365) AS bureau_12m_credit_amount_mean, -- Mean of the credit amount, credits of the last 12 months
    sum(AMT_CREDIT_SUM_DEBT) FILTER (WHERE DAYS_CREDIT >= -365) AS bureau_12m_debt_amount_sum, -- Sum of the debt, credits of the last 12 months
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE DAYS_CREDIT >= -365) AS bureau_12m_days_overdue_max, -- Maximum of days overdue, credits of the last 12 months
    count(*) FILTER (WHERE DAYS_CREDIT >= -730) AS bureau_24m_count, -- Number of credits of the last 24 months
    sum(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -730) AS bureau_24m_credit_amount_sum, -- Sum of the credit amount, credits of the last 24 months
    avg(AMT_CREDIT_SUM) FILTER (WHERE DAYS_CREDIT >= -730) AS bureau_24m_credit_amount_mean, -- Mean of the credit amount, credits of the last 24 months
    sum(AMT_CREDIT_SUM_DEBT) FILTER (WHERE DAYS_CREDIT >= -730) AS bureau_24m_debt_amount_sum, -- Sum of the debt, credits of the last 24 months
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE DAYS_CREDIT >= -730) AS bureau_24m_days_overdue_max -- Maximum of days overdue, credits of the last 24 months
FROM bureau_known
GROUP BY SK_ID_CURR;

-- the last 1, 3 and 5 credits; credits of the same day are ordered by SK_ID_BUREAU
SELECT
    SK_ID_CURR,
    avg(DAYS_CREDIT) FILTER (WHERE recency <= 1) AS bureau_last_1_days_credit_mean, -- Mean of the day of the credit (relative to the application), last credit
    avg(AMT_CREDIT_SUM) FILTER (WHERE recency <= 1) AS bureau_last_1_credit_amount_mean, -- Mean of the credit amount, last credit
    avg(AMT_CREDIT_SUM_DEBT) FILTER (WHERE recency <= 1) AS bureau_last_1_debt_amount_mean, -- Mean of the debt, last credit
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE recency <= 1) AS bureau_last_1_days_overdue_max, -- Maximum of days overdue, last credit
    avg(DAYS_CREDIT) FILTER (WHERE recency <= 3) AS bureau_last_3_days_credit_mean, -- Mean of the day of the credit (relative to the application), last 3 credits
    avg(AMT_CREDIT_SUM) FILTER (WHERE recency <= 3) AS bureau_last_3_credit_amount_mean, -- Mean of the credit amount, last 3 credits
    avg(AMT_CREDIT_SUM_DEBT) FILTER (WHERE recency <= 3) AS bureau_last_3_debt_amount_mean, -- Mean of the debt, last 3 credits
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE recency <= 3) AS bureau_last_3_days_overdue_max, -- Maximum of days overdue, last 3 credits
    avg(DAYS_CREDIT) FILTER (WHERE recency <= 5) AS bureau_last_5_days_credit_mean, -- Mean of the day of the credit (relative to the application), last 5 credits
    avg(AMT_CREDIT_SUM) FILTER (WHERE recency <= 5) AS bureau_last_5_credit_amount_mean, -- Mean of the credit amount, last 5 credits
    avg(AMT_CREDIT_SUM_DEBT) FILTER (WHERE recency <= 5) AS bureau_last_5_debt_amount_mean, -- Mean of the debt, last 5 credits
    max(CREDIT_DAY_OVERDUE) FILTER (WHERE recency <= 5) AS bureau_last_5_days_overdue_max, -- Maximum of days overdue, last 5 credits
    regr_slope(AMT_CREDIT_SUM, DAYS_CREDIT) FILTER (WHERE recency <= 10) AS bureau_credit_amount_trend -- Trend of the credit amount per day, last 10 credits
FROM bureau_known
GROUP BY SK_ID_CURR;
