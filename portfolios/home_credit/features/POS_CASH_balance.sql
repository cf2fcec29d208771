-- Monthly balances of earlier point-of-sale and cash loans with this lender.

CREATE TEMPORARY VIEW pos_known AS
SELECT
    SK_ID_CURR,
    SK_ID_PREV,
    NAME_CONTRACT_STATUS,
    CAST(MONTHS_BALANCE AS DOUBLE) AS MONTHS_BALANCE,
    CAST(CNT_INSTALMENT AS DOUBLE) AS CNT_INSTALMENT,
    CAST(CNT_INSTALMENT_FUTURE AS DOUBLE) AS CNT_INSTALMENT_FUTURE,
    CAST(SK_DPD AS DOUBLE) AS SK_DPD,
    CAST(SK_DPD_DEF AS DOUBLE) AS SK_DPD_DEF,
    row_number() OVER (
        PARTITION BY SK_ID_CURR ORDER BY MONTHS_BALANCE DESC, SK_ID_PREV DESC
    ) AS recency
FROM POS_CASH_balance
WHERE MONTHS_BALANCE <= 0;

-- all months
SELECT
    SK_ID_CURR,
    count(*) AS pos_months_count, -- Number of months of point-of-sale and cash loans
    count(DISTINCT SK_ID_PREV) AS pos_loans_count, -- Number of point-of-sale and cash loans
    max(MONTHS_BALANCE) AS pos_month_max, -- Maximum of the month (relative to the application)
    avg(MONTHS_BALANCE) AS pos_month_mean, -- Mean of the month (relative to the application)
    min(MONTHS_BALANCE) AS pos_month_min, -- Minimum of the month (relative to the application)
    max(SK_DPD) AS pos_dpd_days_max, -- Maximum of days past due
    avg(SK_DPD) AS pos_dpd_days_mean, -- Mean of days past due
    max(SK_DPD_DEF) AS pos_dpd_tolerant_days_max, -- Maximum of days past due (small debts ignored)
    avg(SK_DPD_DEF) AS pos_dpd_tolerant_days_mean, -- Mean of days past due (small debts ignored)
    max(CNT_INSTALMENT) AS pos_instalments_count_max, -- Maximum of the agreed number of instalments
    avg(CNT_INSTALMENT) AS pos_instalments_count_mean, -- Mean of the agreed number of instalments
    max(CNT_INSTALMENT_FUTURE) AS pos_instalments_left_count_max, -- Maximum of the number of instalments left
    avg(CNT_INSTALMENT_FUTURE) AS pos_instalments_left_count_mean, -- Mean of the number of instalments left
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Active' THEN 1 ELSE 0 END) AS pos_active_share, -- Share with status Active
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Amortized debt' THEN 1 ELSE 0 END) AS pos_amortized_debt_share, -- Share with status Amortized debt
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Approved' THEN 1 ELSE 0 END) AS pos_approved_share, -- Share with status Approved
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Canceled' THEN 1 ELSE 0 END) AS pos_canceled_share, -- Share with status Canceled
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Completed' THEN 1 ELSE 0 END) AS pos_completed_share, -- Share with status Completed
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Demand' THEN 1 ELSE 0 END) AS pos_demand_share, -- Share with status Demand
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Returned to the store' THEN 1 ELSE 0 END) AS pos_returned_to_the_store_share, -- Share with status Returned to the store
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Signed' THEN 1 ELSE 0 END) AS pos_signed_share, -- Share with status Signed
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'XNA' THEN 1 ELSE 0 END) AS pos_xna_share -- Share with status XNA
FROM pos_known
GROUP BY SK_ID_CURR;

-- the last 3, 6, 12 and 24 months
SELECT
    SK_ID_CURR,
    count(*) FILTER (WHERE MONTHS_BALANCE >= -3) AS pos_3m_months_count, -- Number of months of loans, last 3 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -3) AS pos_3m_dpd_days_max, -- Maximum of days past due, last 3 months
    avg(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -3) AS pos_3m_dpd_days_mean, -- Mean of days past due, last 3 months
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE MONTHS_BALANCE >= -3) AS pos_3m_instalments_left_count_mean, -- Mean of the number of instalments left, last 3 months
    count(*) FILTER (WHERE MONTHS_BALANCE >= -6) AS pos_6m_months_count, -- Number of months of loans, last 6 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -6) AS pos_6m_dpd_days_max, -- Maximum of days past due, last 6 months
    avg(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -6) AS pos_6m_dpd_days_mean, -- Mean of days past due, last 6 months
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE MONTHS_BALANCE >= -6) AS pos_6m_instalments_left_count_mean, -- Mean of the number of instalments left, last 6 months
    count(*) FILTER (WHERE MONTHS_BALANCE >= -12) AS pos_12m_months_count, -- Number of months of loans, last 12 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -12) AS pos_12m_dpd_days_max, -- Maximum of days past due, last 12 months
    avg(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -12) AS pos_12m_dpd_days_mean, -- Mean of days past due, last 12 months
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE MONTHS_BALANCE >= -12) AS pos_12m_instalments_left_count_mean, -- Mean of the number of instalments left, last 12 months
    count(*) FILTER (WHERE MONTHS_BALANCE >= -24) AS pos_24m_months_count, -- Number of months of loans, last 24 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -24) AS pos_24m_dpd_days_max, -- Maximum of days past due, last 24 months
    avg(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -24) AS pos_24m_dpd_days_mean, -- Mean of days past due, last 24 months
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE MONTHS_BALANCE >= -24) AS pos_24m_instalments_left_count_mean -- Mean of the number of instalments left, last 24 months
FROM pos_known
GROUP BY SK_ID_CURR;

-- the last 1, 3 and 5 months reported; loans of the same month are ordered by SK_ID_PREV
SELECT
    SK_ID_CURR,
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE recency <= 1) AS pos_last_1_instalments_left_count_mean, -- Mean of the number of instalments left, last month reported
    max(SK_DPD) FILTER (WHERE recency <= 1) AS pos_last_1_dpd_days_max, -- Maximum of days past due, last month reported
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE recency <= 3) AS pos_last_3_instalments_left_count_mean, -- Mean of the number of instalments left, last 3 months reported
    max(SK_DPD) FILTER (WHERE recency <= 3) AS pos_last_3_dpd_days_max, -- Maximum of days past due, last 3 months reported
    avg(CNT_INSTALMENT_FUTURE) FILTER (WHERE recency <= 5) AS pos_last_5_instalments_left_count_mean, -- Mean of the number of instalments left, last 5 months reported
    max(SK_DPD) FILTER (WHERE recency <= 5) AS pos_last_5_dpd_days_max, -- Maximum of days past due, last 5 months reported
    regr_slope(SK_DPD, MONTHS_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -24) AS pos_dpd_days_trend -- Trend of days past due per month, last 24 months
FROM pos_known
GROUP BY SK_ID_CURR;
