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
    count(*) AS card_months_count, -- Months of credit cards
    count(DISTINCT SK_ID_PREV) AS card_cards_count, -- Credit cards
    min(MONTHS_BALANCE) AS card_month_min, -- Least of the month
    max(MONTHS_BALANCE) AS card_month_max, -- Greatest of the month
    avg(MONTHS_BALANCE) AS card_month_mean, -- Mean of the month
    sum(MONTHS_BALANCE) AS card_month_sum, -- Sum of the month
    var_samp(MONTHS_BALANCE) AS card_month_var, -- Variance of the month
    min(AMT_BALANCE) AS card_balance_min, -- Least of amt balance
    max(AMT_BALANCE) AS card_balance_max, -- Greatest of amt balance
    avg(AMT_BALANCE) AS card_balance_mean, -- Mean of amt balance
    sum(AMT_BALANCE) AS card_balance_sum, -- Sum of amt balance
    var_samp(AMT_BALANCE) AS card_balance_var, -- Variance of amt balance
    min(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_min, -- Least of amt credit limit actual
    max(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_max, -- Greatest of amt credit limit actual
    avg(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_mean, -- Mean of amt credit limit actual
    sum(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_sum, -- Sum of amt credit limit actual
    var_samp(AMT_CREDIT_LIMIT_ACTUAL) AS card_credit_limit_actual_var, -- Variance of amt credit limit actual
    min(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_min, -- Least of amt drawings atm current
    max(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_max, -- Greatest of amt drawings atm current
    avg(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_mean, -- Mean of amt drawings atm current
    sum(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_sum, -- Sum of amt drawings atm current
    var_samp(AMT_DRAWINGS_ATM_CURRENT) AS card_drawings_atm_current_var, -- Variance of amt drawings atm current
    min(AMT_DRAWINGS_CURRENT) AS card_drawings_current_min, -- Least of amt drawings current
    max(AMT_DRAWINGS_CURRENT) AS card_drawings_current_max, -- Greatest of amt drawings current
    avg(AMT_DRAWINGS_CURRENT) AS card_drawings_current_mean, -- Mean of amt drawings current
    sum(AMT_DRAWINGS_CURRENT) AS card_drawings_current_sum, -- Sum of amt drawings current
    var_samp(AMT_DRAWINGS_CURRENT) AS card_drawings_current_var, -- Variance of amt drawings current
    min(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_min, -- Least of amt drawings other current
    max(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_max, -- Greatest of amt drawings other current
    avg(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_mean, -- Mean of amt drawings other current
    sum(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_sum, -- Sum of amt drawings other current
    var_samp(AMT_DRAWINGS_OTHER_CURRENT) AS card_drawings_other_current_var, -- Variance of amt drawings other current
    min(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_min, -- Least of amt drawings pos current
    max(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_max, -- Greatest of amt drawings pos current
    avg(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_mean, -- Mean of amt drawings pos current
    sum(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_sum, -- Sum of amt drawings pos current
    var_samp(AMT_DRAWINGS_POS_CURRENT) AS card_drawings_pos_current_var, -- Variance of amt drawings pos current
    min(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_min, -- Least of amt inst min regularity
    max(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_max, -- Greatest of amt inst min regularity
    avg(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_mean, -- Mean of amt inst min regularity
    sum(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_sum, -- Sum of amt inst min regularity
    var_samp(AMT_INST_MIN_REGULARITY) AS card_inst_min_regularity_var, -- Variance of amt inst min regularity
    min(AMT_PAYMENT_CURRENT) AS card_payment_current_min, -- Least of amt payment current
    max(AMT_PAYMENT_CURRENT) AS card_payment_current_max, -- Greatest of amt payment current
    avg(AMT_PAYMENT_CURRENT) AS card_payment_current_mean, -- Mean of amt payment current
    sum(AMT_PAYMENT_CURRENT) AS card_payment_current_sum, -- Sum of amt payment current
    var_samp(AMT_PAYMENT_CURRENT) AS card_payment_current_var, -- Variance of amt payment current
    min(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_min, -- Least of amt payment total current
    max(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_max, -- Greatest of amt payment total current
    avg(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_mean, -- Mean of amt payment total current
    sum(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_sum, -- Sum of amt payment total current
    var_samp(AMT_PAYMENT_TOTAL_CURRENT) AS card_payment_total_current_var, -- Variance of amt payment total current
    min(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_min, -- Least of amt receivable principal
    max(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_max, -- Greatest of amt receivable principal
    avg(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_mean, -- Mean of amt receivable principal
    sum(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_sum, -- Sum of amt receivable principal
    var_samp(AMT_RECEIVABLE_PRINCIPAL) AS card_receivable_principal_var, -- Variance of amt receivable principal
    min(AMT_RECIVABLE) AS card_recivable_min, -- Least of amt recivable
    max(AMT_RECIVABLE) AS card_recivable_max, -- Greatest of amt recivable
    avg(AMT_RECIVABLE) AS card_recivable_mean, -- Mean of amt recivable
    sum(AMT_RECIVABLE) AS card_recivable_sum, -- Sum of amt recivable
    var_samp(AMT_RECIVABLE) AS card_recivable_var, -- Variance of amt recivable
    min(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_min, -- Least of amt total receivable
    max(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_max, -- Greatest of amt total receivable
    avg(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_mean, -- Mean of amt total receivable
    sum(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_sum, -- Sum of amt total receivable
    var_samp(AMT_TOTAL_RECEIVABLE) AS card_total_receivable_var, -- Variance of amt total receivable
    min(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_min, -- Least of cnt drawings atm current
    max(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_max, -- Greatest of cnt drawings atm current
    avg(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_mean, -- Mean of cnt drawings atm current
    sum(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_sum, -- Sum of cnt drawings atm current
    var_samp(CNT_DRAWINGS_ATM_CURRENT) AS card_count_drawings_atm_current_var, -- Variance of cnt drawings atm current
    min(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_min, -- Least of cnt drawings current
    max(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_max, -- Greatest of cnt drawings current
    avg(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_mean, -- Mean of cnt drawings current
    sum(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_sum, -- Sum of cnt drawings current
    var_samp(CNT_DRAWINGS_CURRENT) AS card_count_drawings_current_var, -- Variance of cnt drawings current
    min(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_min, -- Least of cnt drawings other current
    max(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_max, -- Greatest of cnt drawings other current
    avg(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_mean, -- Mean of cnt drawings other current
    sum(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_sum, -- Sum of cnt drawings other current
    var_samp(CNT_DRAWINGS_OTHER_CURRENT) AS card_count_drawings_other_current_var, -- Variance of cnt drawings other current
    min(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_min, -- Least of cnt drawings pos current
    max(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_max, -- Greatest of cnt drawings pos current
    avg(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_mean, -- Mean of cnt drawings pos current
    sum(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_sum, -- Sum of cnt drawings pos current
    var_samp(CNT_DRAWINGS_POS_CURRENT) AS card_count_drawings_pos_current_var, -- Variance of cnt drawings pos current
    min(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_min, -- Least of cnt instalment mature cum
    max(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_max, -- Greatest of cnt instalment mature cum
    avg(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_mean, -- Mean of cnt instalment mature cum
    sum(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_sum, -- Sum of cnt instalment mature cum
    var_samp(CNT_INSTALMENT_MATURE_CUM) AS card_count_instalment_mature_cum_var, -- Variance of cnt instalment mature cum
    min(SK_DPD) AS card_dpd_min, -- Least of sk dpd
    max(SK_DPD) AS card_dpd_max, -- Greatest of sk dpd
    avg(SK_DPD) AS card_dpd_mean, -- Mean of sk dpd
    sum(SK_DPD) AS card_dpd_sum, -- Sum of sk dpd
    var_samp(SK_DPD) AS card_dpd_var, -- Variance of sk dpd
    min(SK_DPD_DEF) AS card_dpd_def_min, -- Least of sk dpd def
    max(SK_DPD_DEF) AS card_dpd_def_max, -- Greatest of sk dpd def
    avg(SK_DPD_DEF) AS card_dpd_def_mean, -- Mean of sk dpd def
    sum(SK_DPD_DEF) AS card_dpd_def_sum, -- Sum of sk dpd def
    var_samp(SK_DPD_DEF) AS card_dpd_def_var, -- Variance of sk dpd def
    max(utilisation) AS card_utilisation_max, -- Greatest of balance to limit
    avg(utilisation) AS card_utilisation_mean, -- Mean of balance to limit
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
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_utilisation_max, -- Greatest of balance to limit, last 3 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_utilisation_mean, -- Mean of balance to limit, last 3 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_balance_mean, -- Mean of the balance, last 3 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_drawings_mean, -- Mean of drawings, last 3 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_payment_mean, -- Mean of the payment, last 3 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -3) AS card_3m_dpd_max, -- Greatest of days past due, last 3 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_utilisation_max, -- Greatest of balance to limit, last 6 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_utilisation_mean, -- Mean of balance to limit, last 6 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_balance_mean, -- Mean of the balance, last 6 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_drawings_mean, -- Mean of drawings, last 6 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_payment_mean, -- Mean of the payment, last 6 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -6) AS card_6m_dpd_max, -- Greatest of days past due, last 6 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_utilisation_max, -- Greatest of balance to limit, last 12 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_utilisation_mean, -- Mean of balance to limit, last 12 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_balance_mean, -- Mean of the balance, last 12 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_drawings_mean, -- Mean of drawings, last 12 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_payment_mean, -- Mean of the payment, last 12 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -12) AS card_12m_dpd_max, -- Greatest of days past due, last 12 months
    max(utilisation) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_utilisation_max, -- Greatest of balance to limit, last 24 months
    avg(utilisation) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_utilisation_mean, -- Mean of balance to limit, last 24 months
    avg(AMT_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_balance_mean, -- Mean of the balance, last 24 months
    avg(AMT_DRAWINGS_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_drawings_mean, -- Mean of drawings, last 24 months
    avg(AMT_PAYMENT_CURRENT) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_payment_mean, -- Mean of the payment, last 24 months
    max(SK_DPD) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_24m_dpd_max -- Greatest of days past due, last 24 months
FROM card_known
GROUP BY SK_ID_CURR;

-- the last 1 and 3 months reported; ties in the month are broken by SK_ID_PREV
SELECT
    SK_ID_CURR,
    avg(AMT_BALANCE) FILTER (WHERE recency <= 1) AS card_last_1_balance_mean, -- Mean of the balance, last 1 months reported
    avg(utilisation) FILTER (WHERE recency <= 1) AS card_last_1_utilisation_mean, -- Mean of balance to limit, last 1 months reported
    avg(AMT_BALANCE) FILTER (WHERE recency <= 3) AS card_last_3_balance_mean, -- Mean of the balance, last 3 months reported
    avg(utilisation) FILTER (WHERE recency <= 3) AS card_last_3_utilisation_mean, -- Mean of balance to limit, last 3 months reported
    regr_slope(AMT_BALANCE, MONTHS_BALANCE) FILTER (WHERE MONTHS_BALANCE >= -24) AS card_balance_trend -- Slope of the balance by month, last 24 months
FROM card_known
GROUP BY SK_ID_CURR;
