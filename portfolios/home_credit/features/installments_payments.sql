-- Instalments of earlier loans with this lender. Rows with a due day or a payment after the day of
-- the application are not used.

CREATE TEMPORARY VIEW instalments_known AS
SELECT
    SK_ID_CURR,
    SK_ID_PREV,
    CAST(NUM_INSTALMENT_VERSION AS DOUBLE) AS NUM_INSTALMENT_VERSION,
    CAST(NUM_INSTALMENT_NUMBER AS DOUBLE) AS NUM_INSTALMENT_NUMBER,
    CAST(DAYS_INSTALMENT AS DOUBLE) AS DAYS_INSTALMENT,
    CAST(DAYS_ENTRY_PAYMENT AS DOUBLE) AS DAYS_ENTRY_PAYMENT,
    CAST(AMT_INSTALMENT AS DOUBLE) AS AMT_INSTALMENT,
    CAST(AMT_PAYMENT AS DOUBLE) AS AMT_PAYMENT,
    CAST(AMT_PAYMENT AS DOUBLE) / nullif(AMT_INSTALMENT, 0) AS paid_share,
    CAST(AMT_INSTALMENT AS DOUBLE) - AMT_PAYMENT AS unpaid_amount,
    CAST(greatest(DAYS_ENTRY_PAYMENT - DAYS_INSTALMENT, 0) AS DOUBLE) AS days_past_due,
    CAST(greatest(DAYS_INSTALMENT - DAYS_ENTRY_PAYMENT, 0) AS DOUBLE) AS days_before_due,
    row_number() OVER (
        PARTITION BY SK_ID_CURR
        ORDER BY DAYS_INSTALMENT DESC, SK_ID_PREV DESC, NUM_INSTALMENT_NUMBER DESC,
            NUM_INSTALMENT_VERSION DESC, DAYS_ENTRY_PAYMENT DESC, AMT_PAYMENT DESC
    ) AS recency
FROM installments_payments
WHERE DAYS_INSTALMENT <= 0 AND coalesce(DAYS_ENTRY_PAYMENT, 0) <= 0;

-- all payments
SELECT
    SK_ID_CURR,
    count(*) AS instalments_count, -- Number of instalment payments
    count(DISTINCT NUM_INSTALMENT_VERSION) AS instalments_versions_count, -- Number of versions of the payment schedule
    count(DISTINCT SK_ID_PREV) AS instalments_loans_count, -- Number of loans with instalments
    max(days_past_due) AS instalments_dpd_days_max, -- Maximum of days past due
    avg(days_past_due) AS instalments_dpd_days_mean, -- Mean of days past due
    sum(days_past_due) AS instalments_dpd_days_sum, -- Sum of days past due
    var_samp(days_past_due) AS instalments_dpd_days_var, -- Variance of days past due
    max(days_before_due) AS instalments_dbd_days_max, -- Maximum of days paid before the due day
    avg(days_before_due) AS instalments_dbd_days_mean, -- Mean of days paid before the due day
    sum(days_before_due) AS instalments_dbd_days_sum, -- Sum of days paid before the due day
    var_samp(days_before_due) AS instalments_dbd_days_var, -- Variance of days paid before the due day
    min(paid_share) AS instalments_paid_share_min, -- Minimum of the paid share of the instalment
    max(paid_share) AS instalments_paid_share_max, -- Maximum of the paid share of the instalment
    avg(paid_share) AS instalments_paid_share_mean, -- Mean of the paid share of the instalment
    sum(paid_share) AS instalments_paid_share_sum, -- Sum of the paid share of the instalment
    var_samp(paid_share) AS instalments_paid_share_var, -- Variance of the paid share of the instalment
    max(unpaid_amount) AS instalments_unpaid_amount_max, -- Maximum of the unpaid amount (instalment minus payment)
    avg(unpaid_amount) AS instalments_unpaid_amount_mean, -- Mean of the unpaid amount (instalment minus payment)
    sum(unpaid_amount) AS instalments_unpaid_amount_sum, -- Sum of the unpaid amount (instalment minus payment)
    var_samp(unpaid_amount) AS instalments_unpaid_amount_var, -- Variance of the unpaid amount (instalment minus payment)
    max(AMT_INSTALMENT) AS instalments_due_amount_max, -- Maximum of the instalment amount
    avg(AMT_INSTALMENT) AS instalments_due_amount_mean, -- Mean of the instalment amount
    sum(AMT_INSTALMENT) AS instalments_due_amount_sum, -- Sum of the instalment amount
    min(AMT_PAYMENT) AS instalments_paid_amount_min, -- Minimum of the amount paid
    max(AMT_PAYMENT) AS instalments_paid_amount_max, -- Maximum of the amount paid
    avg(AMT_PAYMENT) AS instalments_paid_amount_mean, -- Mean of the amount paid
    sum(AMT_PAYMENT) AS instalments_paid_amount_sum, -- Sum of the amount paid
    max(DAYS_ENTRY_PAYMENT) AS instalments_days_payment_max, -- Maximum of the day of the payment (relative to the application)
    avg(DAYS_ENTRY_PAYMENT) AS instalments_days_payment_mean, -- Mean of the day of the payment (relative to the application)
    sum(DAYS_ENTRY_PAYMENT) AS instalments_days_payment_sum, -- Sum of the day of the payment (relative to the application)
    avg(CASE WHEN days_past_due > 0 THEN 1 ELSE 0 END) AS instalments_late_share, -- Share of instalments paid late
    avg(CASE WHEN AMT_PAYMENT < AMT_INSTALMENT THEN 1 ELSE 0 END) AS instalments_short_share, -- Share of instalments paid in part
    avg(CASE WHEN DAYS_ENTRY_PAYMENT IS NULL THEN 1 ELSE 0 END) AS instalments_missed_share -- Share of instalments without a payment
FROM instalments_known
GROUP BY SK_ID_CURR;

-- the last 3, 6, 12 and 24 months
SELECT
    SK_ID_CURR,
    count(*) FILTER (WHERE DAYS_INSTALMENT >= -91) AS instalments_3m_count, -- Number of payments, last 3 months
    max(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -91) AS instalments_3m_dpd_days_max, -- Maximum of days past due, last 3 months
    avg(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -91) AS instalments_3m_dpd_days_mean, -- Mean of days past due, last 3 months
    avg(paid_share) FILTER (WHERE DAYS_INSTALMENT >= -91) AS instalments_3m_paid_share_mean, -- Mean of the paid share of the instalment, last 3 months
    sum(unpaid_amount) FILTER (WHERE DAYS_INSTALMENT >= -91) AS instalments_3m_unpaid_amount_sum, -- Sum of the unpaid amount (instalment minus payment), last 3 months
    count(*) FILTER (WHERE DAYS_INSTALMENT >= -183) AS instalments_6m_count, -- Number of payments, last 6 months
    max(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -183) AS instalments_6m_dpd_days_max, -- Maximum of days past due, last 6 months
    avg(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -183) AS instalments_6m_dpd_days_mean, -- Mean of days past due, last 6 months
    avg(paid_share) FILTER (WHERE DAYS_INSTALMENT >= -183) AS instalments_6m_paid_share_mean, -- Mean of the paid share of the instalment, last 6 months
    sum(unpaid_amount) FILTER (WHERE DAYS_INSTALMENT >= -183) AS instalments_6m_unpaid_amount_sum, -- Sum of the unpaid amount (instalment minus payment), last 6 months
    count(*) FILTER (WHERE DAYS_INSTALMENT >= -365) AS instalments_12m_count, -- Number of payments, last 12 months
    max(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -365) AS instalments_12m_dpd_days_max, -- Maximum of days past due, last 12 months
    avg(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -365) AS instalments_12m_dpd_days_mean, -- Mean of days past due, last 12 months
    avg(paid_share) FILTER (WHERE DAYS_INSTALMENT >= -365) AS instalments_12m_paid_share_mean, -- Mean of the paid share of the instalment, last 12 months
    sum(unpaid_amount) FILTER (WHERE DAYS_INSTALMENT >= -365) AS instalments_12m_unpaid_amount_sum, -- Sum of the unpaid amount (instalment minus payment), last 12 months
    count(*) FILTER (WHERE DAYS_INSTALMENT >= -730) AS instalments_24m_count, -- Number of payments, last 24 months
    max(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -730) AS instalments_24m_dpd_days_max, -- Maximum of days past due, last 24 months
    avg(days_past_due) FILTER (WHERE DAYS_INSTALMENT >= -730) AS instalments_24m_dpd_days_mean, -- Mean of days past due, last 24 months
    avg(paid_share) FILTER (WHERE DAYS_INSTALMENT >= -730) AS instalments_24m_paid_share_mean, -- Mean of the paid share of the instalment, last 24 months
    sum(unpaid_amount) FILTER (WHERE DAYS_INSTALMENT >= -730) AS instalments_24m_unpaid_amount_sum -- Sum of the unpaid amount (instalment minus payment), last 24 months
FROM instalments_known
GROUP BY SK_ID_CURR;

-- the last 1, 5 and 10 payments, ordered by due day, loan, number, version, payment day and amount
SELECT
    SK_ID_CURR,
    max(days_past_due) FILTER (WHERE recency <= 1) AS instalments_last_1_dpd_days_max, -- Maximum of days past due, last payment
    avg(days_past_due) FILTER (WHERE recency <= 1) AS instalments_last_1_dpd_days_mean, -- Mean of days past due, last payment
    avg(paid_share) FILTER (WHERE recency <= 1) AS instalments_last_1_paid_share_mean, -- Mean of the paid share of the instalment, last payment
    max(days_past_due) FILTER (WHERE recency <= 5) AS instalments_last_5_dpd_days_max, -- Maximum of days past due, last 5 payments
    avg(days_past_due) FILTER (WHERE recency <= 5) AS instalments_last_5_dpd_days_mean, -- Mean of days past due, last 5 payments
    avg(paid_share) FILTER (WHERE recency <= 5) AS instalments_last_5_paid_share_mean, -- Mean of the paid share of the instalment, last 5 payments
    max(days_past_due) FILTER (WHERE recency <= 10) AS instalments_last_10_dpd_days_max, -- Maximum of days past due, last 10 payments
    avg(days_past_due) FILTER (WHERE recency <= 10) AS instalments_last_10_dpd_days_mean, -- Mean of days past due, last 10 payments
    avg(paid_share) FILTER (WHERE recency <= 10) AS instalments_last_10_paid_share_mean, -- Mean of the paid share of the instalment, last 10 payments
    regr_slope(days_past_due, DAYS_INSTALMENT) FILTER (WHERE recency <= 24) AS instalments_dpd_days_trend -- Trend of days past due per day, last 24 payments
FROM instalments_known
GROUP BY SK_ID_CURR;
