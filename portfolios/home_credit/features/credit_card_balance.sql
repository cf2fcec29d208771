-- Monthly balances of earlier credit cards with this lender.

CREATE TEMPORARY VIEW card_known AS
SELECT
    SK_ID_CURR,
    SK_ID_PREV,
    NAME_CONTRACT_STATUS,
    CAST(MONTHS_BALANCE AS DOUBLE) AS MONTHS_BALANCE,
    CAST(AMT_BALANCE AS DOUBLE) AS AMT_BALANCE,
    CAST(AMT_CREDIT_LIMIT_ACTUAL AS DOUBLE) AS AMT_CREDIT_LIMIT_ACTUAL,
    CAST(AMT_DRAWINGS_ATM_CURRENT AS DOUBLE) AS AMT_DRAWINGS_ATM_CURRENT,
    CAST(AMT_DRAWINGS_CURRENT AS DOUBLE) AS AMT_DRAWINGS_CURRENT,
    CAST(AMT_DRAWINGS_OTHER_CURRENT AS DOUBLE) AS AMT_DRAWINGS_OTHER_CURRENT,
    CAST(AMT_DRAWINGS_POS_CURRENT AS DOUBLE) AS AMT_DRAWINGS_POS_CURRENT,
    CAST(AMT_INST_MIN_REGULARITY AS DOUBLE) AS AMT_INST_MIN_REGULARITY,
    CAST(AMT_PAYMENT_CURRENT AS DOUBLE) AS AMT_PAYMENT_CURRENT,
    CAST(AMT_PAYMENT_TOTAL_CURRENT AS DOUBLE) AS AMT_PAYMENT_TOTAL_CURRENT,
    CAST(AMT_RECEIVABLE_PRINCIPAL AS DOUBLE) AS AMT_RECEIVABLE_PRINCIPAL,
    CAST(AMT_RECIVABLE AS DOUBLE) AS AMT_RECIVABLE,
    CAST(AMT_TOTAL_RECEIVABLE AS DOUBLE) AS AMT_TOTAL_RECEIVABLE,
    CAST(CNT_DRAWINGS_ATM_CURRENT AS DOUBLE) AS CNT_DRAWINGS_ATM_CURRENT,
    CAST(CNT_DRAWINGS_CURRENT AS DOUBLE) AS CNT_DRAWINGS_CURRENT,
    CAST(CNT_DRAWINGS_OTHER_CURRENT AS DOUBLE) AS CNT_DRAWINGS_OTHER_CURRENT,
    CAST(CNT_DRAWINGS_POS_CURRENT AS DOUBLE) AS CNT_DRAWINGS_POS_CURRENT,
    CAST(CNT_INSTALMENT_MATURE_CUM AS DOUBLE) AS CNT_INSTALMENT_MATURE_CUM,
    CAST(SK_DPD AS DOUBLE) AS SK_DPD,
    CAST(SK_DPD_DEF AS DOUBLE) AS SK_DPD_DEF,
    CAST(AMT_BALANCE AS DOUBLE) / nullif(AMT_CREDIT_LIMIT_ACTUAL, 0) AS utilisation,
    row_number() OVER (
        PARTITION BY SK_ID_CURR ORDER BY MONTHS_BALANCE DESC, SK_ID_PREV DESC
    ) AS recency
FROM credit_card_balance
WHERE MONTHS_BALANCE <= 0;

-- all months
SELECT
    SK_ID_CURR,
    count(*) AS card_months_count, -- Number of months of credit cards
    count(DISTINCT SK_ID_PREV) AS card_cards_count, -- Number of credit cards
    min(MONTHS_BALANCE) AS card_month_min, -- Minimum of the month (relative to the application)
    max(MONTHS_BALANCE) AS card_month_max, -- Maximum of the month (relative to the application)
    avg(MONTHS_BALANCE) AS card_month_mean, -- Mean of the month (relative to the application)
    sum(MONTHS_BALANCE) AS card_month_sum, -- Sum of the month (relative to the application)
    var_samp(MONTHS_BALANCE) AS card_month_var, -- Variance of the month (relative to the application)
    min(AMT_BALANCE) AS card_balance_min, -- Minimum of the balance
    max(AMT_BALANCE) AS card_balance_max, -- Maximum of the balance
    avg(AMT_BALANCE) AS card_balance_mean, -- Mean of the balance
    sum(AMT_BALANCE) AS card_balance_sum, -- Sum of the balance
    var_samp(AMT_BALANCE) AS card_balance_var, -- Variance of the balance
    min(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_min, -- Minimum of the credit limit
    max(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_max, -- Maximum of the credit limit
    avg(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_mean, -- Mean of the credit limit
    sum(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_sum, -- Sum of the credit limit
    var_samp(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_var, -- Variance of the credit limit
    min(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_min, -- Minimum of the amount drawn at ATMs in a month
    max(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_max, -- Maximum of the amount drawn at ATMs in a month
    avg(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_mean, -- Mean of the amount drawn at ATMs in a month
    sum(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_sum, -- Sum of the amount drawn at ATMs in a month
    var_samp(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_var, -- Variance of the amount drawn at ATMs in a month
    min(AMT_DRAWINGS_CURRENT) AS card_drawings_current_min, -- Minimum of the amount drawn in a month
    max(AMT_DRAWINGS_CURRENT) AS card_drawings_current_max, -- Maximum of the amount drawn in a month
    avg(AMT_DRAWINGS_CURRENT) AS card_drawings_current_mean, -- Mean of the amount drawn in a month
    sum(AMT_DRAWINGS_CURRENT) AS card_drawings_current_sum, -- Sum of the amount drawn in a month
    var_samp(AMT_DRAWINGS_CURRENT) AS card_drawings_current_var, -- Variance of the amount drawn in a month
    min(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_min, -- Minimum of the amount of other drawings in a month
    max(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_max, -- Maximum of the amount of other drawings in a month
    avg(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_mean, -- Mean of the amount of other drawings in a month
    sum(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_sum, -- Sum of the amount of other drawings in a month
    var_samp(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_var, -- Variance of the amount of other drawings in a month
    min(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_min, -- Minimum of the amount spent at points of sale in a month
    max(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_max, -- Maximum of the amount spent at points of sale in a month
    avg(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_mean, -- Mean of the amount spent at points of sale in a month
    sum(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_sum, -- Sum of the amount spent at points of sale in a month
    var_samp(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_var, -- Variance of the amount spent at points of sale in a month
    min(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_min, -- Minimum of the minimum instalment of a month
    max(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_max, -- Maximum of the minimum instalment of a month
    avg(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_mean, -- Mean of the minimum instalment of a month
    sum(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_sum, -- Sum of the minimum instalment of a month
    var_samp(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_var, -- Variance of the minimum instalment of a month
    min(AMT_PAYMENT_CURRENT) AS card_payment_current_min, -- Minimum of the amount paid in a month
    max(AMT_PAYMENT_CURRENT) AS card_payment_current_max, -- Maximum of the amount paid in a month
    avg(AMT_PAYMENT_CURRENT) AS card_payment_current_mean, -- Mean of the amount paid in a month
    sum(AMT_PAYMENT_CURRENT) AS card_payment_current_sum, -- Sum of the amount paid in a month
    var_samp(AMT_PAYMENT_CURRENT) AS card_payment_current_var, -- Variance of the amount paid in a month
    min(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_min, -- Minimum of the total amount paid in a month
    max(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_max, -- Maximum of the total amount paid in a month
    avg(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_mean, -- Mean of the total amount paid in a month
    sum(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_sum, -- Sum of the total amount paid in a month
    var_samp(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_var, -- Variance of the total amount paid in a month
    min(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_min, -- Minimum of the receivable principal
    max(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_max, -- Maximum of the receivable principal
    avg(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_mean, -- Mean of the receivable principal
    sum(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_sum, -- Sum of the receivable principal
    var_samp(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_var, -- Variance of the receivable principal
    min(AMT_RECIVABLE) AS card_recivable_min, -- Minimum of the receivable amount
    max(AMT_RECIVABLE) AS card_recivable_max, -- Maximum of the receivable amount
    avg(AMT_RECIVABLE) AS card_recivable_mean, -- Mean of the receivable amount
    sum(AMT_RECIVABLE) AS card_recivable_sum, -- Sum of the receivable amount
    var_samp(AMT_RECIVABLE) AS card_recivable_var, -- Variance of the receivable amount
    min(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_min, -- Minimum of the total receivable amount
    max(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_max, -- Maximum of the total receivable amount
    avg(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_mean, -- Mean of the total receivable amount
    sum(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_sum, -- Sum of the total receivable amount
    var_samp(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_var, -- Variance of the total receivable amount
    min(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_min, -- Minimum of the number of drawings at ATMs in a month
    max(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_max, -- Maximum of the number of drawings at ATMs in a month
    avg(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_mean, -- Mean of the number of drawings at ATMs in a month
    sum(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_sum, -- Sum of the number of drawings at ATMs in a month
    var_samp(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_var, -- Variance of the number of drawings at ATMs in a month
    min(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_min, -- Minimum of the number of drawings in a month
    max(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_max, -- Maximum of the number of drawings in a month
    avg(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_mean, -- Mean of the number of drawings in a month
    sum(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_sum, -- Sum of the number of drawings in a month
    var_samp(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_var, -- Variance of the number of drawings in a month
    min(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_min, -- Minimum of the number of other drawings in a month
    max(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_max, -- Maximum of the number of other drawings in a month
    avg(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_mean, -- Mean of the number of other drawings in a month
    sum(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_sum, -- Sum of the number of other drawings in a month
    var_samp(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_var, -- Variance of the number of other drawings in a month
    min(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_min, -- Minimum of the number of purchases at points of sale in a month
    max(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_max, -- Maximum of the number of purchases at points of sale in a month
    avg(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_mean, -- Mean of the number of purchases at points of sale in a month
    sum(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_sum, -- Sum of the number of purchases at points of sale in a month
    var_samp(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_var, -- Variance of the number of purchases at points of sale in a month
    min(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_min, -- Minimum of the number of instalments paid so far
    max(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_max, -- Maximum of the number of instalments paid so far
    avg(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_mean, -- Mean of the number of instalments paid so far
    sum(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_sum, -- Sum of the number of instalments paid so far
    var_samp(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_var, -- Variance of the number of instalments paid so far
    min(SK_DPD) AS card_dpd_min, -- Minimum of days past due
    max(SK_DPD) AS card_dpd_max, -- Maximum of days past due
    avg(SK_DPD) AS card_dpd_mean, -- Mean of days past due
    sum(SK_DPD) AS card_dpd_sum, -- Sum of days past due
    var_samp(SK_DPD) AS card_dpd_var, -- Variance of days past due
    min(SK_DPD_DEF) AS card_dpd_def_min, -- Minimum of days past due (small debts ignored)
    max(SK_DPD_DEF) AS card_dpd_def_max, -- Maximum of days past due (small debts ignored)
    avg(SK_DPD_DEF) AS card_dpd_def_mean, -- Mean of days past due (small debts ignored)
    sum(SK_DPD_DEF) AS card_dpd_def_sum, -- Sum of days past due (small debts ignored)
    var_samp(SK_DPD_DEF) AS card_dpd_def_var, -- Variance of days past due (small debts ignored)
    max(utilisation) AS card_utilisation_max, -- Maximum of the ratio of balance to limit
    avg(utilisation) AS card_utilisation_mean, -- Mean of the ratio of balance to limit
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Active' THEN 1 ELSE 0 END) AS card_active_share, -- Share with status Active
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Approved' THEN 1 ELSE 0 END) AS card_approved_share, -- Share with status Approved
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Completed' THEN 1 ELSE 0 END) AS card_completed_share, -- Share with status Completed
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Demand' THEN 1 ELSE 0 END) AS card_demand_share, -- Share with status Demand
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Refused' THEN 1 ELSE 0 END) AS card_refused_share, -- Share with status Refused
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Sent proposal' THEN 1 ELSE 0 END) AS card_sent_proposal_share, -- Share with status Sent proposal
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Signed' THEN 1 ELSE 0 END) AS card_signed_share -- Share with status Signed
FROM card_known
GROUP BY SK_ID_CURR;

-- the last 3, 6, 12 and 24 months
SELECT
    SK_ID_CURR,
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_utilisation_max, -- Maximum of the ratio of balance to limit, last 3 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_utilisation_mean, -- Mean of the ratio of balance to limit, last 3 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_balance_mean, -- Mean of the balance, last 3 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_drawings_mean, -- Mean of the amount drawn in a month, last 3 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_payment_mean, -- Mean of the amount paid, last 3 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_dpd_max, -- Maximum of days past due, last 3 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_utilisation_max, -- Maximum of the ratio of balance to limit, last 6 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_utilisation_mean, -- Mean of the ratio of balance to limit, last 6 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_balance_mean, -- Mean of the balance, last 6 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_drawings_mean, -- Mean of the amount drawn in a month, last 6 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_payment_mean, -- Mean of the amount paid, last 6 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_dpd_max, -- Maximum of days past due, last 6 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_utilisation_max, -- Maximum of the ratio of balance to limit, last 12 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_utilisation_mean, -- Mean of the ratio of balance to limit, last 12 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_balance_mean, -- Mean of the balance, last 12 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_drawings_mean, -- Mean of the amount drawn in a month, last 12 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_payment_mean, -- Mean of the amount paid, last 12 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_dpd_max, -- Maximum of days past due, last 12 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_utilisation_max, -- Maximum of the ratio of balance to limit, last 24 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_utilisation_mean, -- Mean of the ratio of balance to limit, last 24 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_balance_mean, -- Mean of the balance, last 24 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_drawings_mean, -- Mean of the amount drawn in a month, last 24 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_payment_mean, -- Mean of the amount paid, last 24 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_dpd_max -- Maximum of days past due, last 24 months
FROM card_known
GROUP BY SK_ID_CURR;

-- the last 1 and 3 months reported; cards of the same month are ordered by SK_ID_PREV
SELECT
    SK_ID_CURR,
    avg(AMT_BALANCE) FILTER (WHERE recency <= 1) AS card_last_1_balance_mean, -- Mean of the balance, last month reported
    avg(utilisation) FILTER (WHERE recency <= 1) AS card_last_1_utilisation_mean, -- Mean of the ratio of balance to limit, last month reported
    avg(AMT_BALANCE) FILTER (WHERE recency <= 3) AS card_last_3_balance_mean, -- Mean of the balance, last 3 months reported
    avg(utilisation) FILTER (WHERE recency <= 3) AS card_last_3_utilisation_mean, -- Mean of the ratio of balance to limit, last 3 months reported
    regr_slope(AMT_BALANCE, MONTHS_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_balance_trend -- Trend of the balance per month, last 24 months
FROM card_known
GROUP BY SK_ID_CURR;
