-- Earlier applications with this lender. In a column of days, 365243 means missing.

CREATE TEMPORARY VIEW previous_known AS
SELECT
    SK_ID_CURR,
    SK_ID_PREV,
    NAME_CONTRACT_TYPE,
    NAME_CONTRACT_STATUS,
    NAME_CASH_LOAN_PURPOSE,
    NAME_PAYMENT_TYPE,
    CODE_REJECT_REASON,
    NAME_CLIENT_TYPE,
    NAME_GOODS_CATEGORY,
    NAME_PORTFOLIO,
    NAME_PRODUCT_TYPE,
    CHANNEL_TYPE,
    NAME_SELLER_INDUSTRY,
    NAME_YIELD_GROUP,
    NFLAG_INSURED_ON_APPROVAL,
    CAST(AMT_ANNUITY AS DOUBLE) AS AMT_ANNUITY,
    CAST(AMT_APPLICATION AS DOUBLE) AS AMT_APPLICATION,
    CAST(AMT_CREDIT AS DOUBLE) AS AMT_CREDIT,
    CAST(AMT_DOWN_PAYMENT AS DOUBLE) AS AMT_DOWN_PAYMENT,
    CAST(AMT_GOODS_PRICE AS DOUBLE) AS AMT_GOODS_PRICE,
    CAST(HOUR_APPR_PROCESS_START AS DOUBLE) AS HOUR_APPR_PROCESS_START,
    CAST(RATE_DOWN_PAYMENT AS DOUBLE) AS RATE_DOWN_PAYMENT,
    CAST(RATE_INTEREST_PRIMARY AS DOUBLE) AS RATE_INTEREST_PRIMARY,
    CAST(RATE_INTEREST_PRIVILEGED AS DOUBLE) AS RATE_INTEREST_PRIVILEGED,
    CAST(DAYS_DECISION AS DOUBLE) AS DAYS_DECISION,
    CAST(CNT_PAYMENT AS DOUBLE) AS CNT_PAYMENT,
    CAST(SELLERPLACE_AREA AS DOUBLE) AS SELLERPLACE_AREA,
    CAST(nullif(DAYS_FIRST_DRAWING, 365243) AS DOUBLE) AS DAYS_FIRST_DRAWING,
    CAST(nullif(DAYS_FIRST_DUE, 365243) AS DOUBLE) AS DAYS_FIRST_DUE,
    CAST(nullif(DAYS_LAST_DUE_1ST_VERSION, 365243) AS DOUBLE) AS DAYS_LAST_DUE_1ST_VERSION,
    CAST(nullif(DAYS_LAST_DUE, 365243) AS DOUBLE) AS DAYS_LAST_DUE,
    CAST(nullif(DAYS_TERMINATION, 365243) AS DOUBLE) AS DAYS_TERMINATION,
    CAST(AMT_APPLICATION AS DOUBLE) / nullif(AMT_CREDIT, 0) AS application_credit_ratio,
    row_number() OVER (
        PARTITION BY SK_ID_CURR ORDER BY DAYS_DECISION DESC, SK_ID_PREV DESC
    ) AS recency
FROM previous_application
WHERE DAYS_DECISION <= 0;

-- all applications
SELECT
    SK_ID_CURR,
    count(*) AS previous_count, -- Number of earlier applications
    count(*) FILTER (WHERE NAME_CONTRACT_STATUS = 'Approved') AS previous_approved_count, -- Number of approved applications
    count(*) FILTER (WHERE NAME_CONTRACT_STATUS = 'Refused') AS previous_refused_count, -- Number of refused applications
    min(AMT_ANNUITY) AS previous_annuity_amount_min, -- Minimum of the annuity
    max(AMT_ANNUITY) AS previous_annuity_amount_max, -- Maximum of the annuity
    avg(AMT_ANNUITY) AS previous_annuity_amount_mean, -- Mean of the annuity
    min(AMT_APPLICATION) AS previous_asked_amount_min, -- Minimum of the requested amount
    max(AMT_APPLICATION) AS previous_asked_amount_max, -- Maximum of the requested amount
    avg(AMT_APPLICATION) AS previous_asked_amount_mean, -- Mean of the requested amount
    min(AMT_CREDIT) AS previous_credit_amount_min, -- Minimum of the credit amount
    max(AMT_CREDIT) AS previous_credit_amount_max, -- Maximum of the credit amount
    avg(AMT_CREDIT) AS previous_credit_amount_mean, -- Mean of the credit amount
    min(application_credit_ratio) AS previous_asked_credit_ratio_min, -- Minimum of the ratio of requested amount to credit amount
    max(application_credit_ratio) AS previous_asked_credit_ratio_max, -- Maximum of the ratio of requested amount to credit amount
    avg(application_credit_ratio) AS previous_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount
    var_samp(application_credit_ratio) AS previous_asked_credit_ratio_var, -- Variance of the ratio of requested amount to credit amount
    min(AMT_DOWN_PAYMENT) AS previous_down_payment_amount_min, -- Minimum of the down payment
    max(AMT_DOWN_PAYMENT) AS previous_down_payment_amount_max, -- Maximum of the down payment
    avg(AMT_DOWN_PAYMENT) AS previous_down_payment_amount_mean, -- Mean of the down payment
    min(AMT_GOODS_PRICE) AS previous_goods_amount_min, -- Minimum of the price of the goods
    max(AMT_GOODS_PRICE) AS previous_goods_amount_max, -- Maximum of the price of the goods
    avg(AMT_GOODS_PRICE) AS previous_goods_amount_mean, -- Mean of the price of the goods
    min(HOUR_APPR_PROCESS_START) AS previous_hour_min, -- Minimum of the hour of the application
    max(HOUR_APPR_PROCESS_START) AS previous_hour_max, -- Maximum of the hour of the application
    avg(HOUR_APPR_PROCESS_START) AS previous_hour_mean, -- Mean of the hour of the application
    min(RATE_DOWN_PAYMENT) AS previous_down_payment_rate_min, -- Minimum of the down payment rate
    max(RATE_DOWN_PAYMENT) AS previous_down_payment_rate_max, -- Maximum of the down payment rate
    avg(RATE_DOWN_PAYMENT) AS previous_down_payment_rate_mean, -- Mean of the down payment rate
    min(DAYS_DECISION) AS previous_days_decision_min, -- Minimum of the day of the decision (relative to the application)
    max(DAYS_DECISION) AS previous_days_decision_max, -- Maximum of the day of the decision (relative to the application)
    avg(DAYS_DECISION) AS previous_days_decision_mean, -- Mean of the day of the decision (relative to the application)
    avg(CNT_PAYMENT) AS previous_payments_count_mean, -- Mean of the number of payments
    sum(CNT_PAYMENT) AS previous_payments_count_sum, -- Sum of the number of payments
    max(DAYS_FIRST_DRAWING) AS previous_days_first_drawing_max, -- Maximum of the day of the first drawing (relative to the application)
    avg(DAYS_FIRST_DRAWING) AS previous_days_first_drawing_mean, -- Mean of the day of the first drawing (relative to the application)
    max(DAYS_FIRST_DUE) AS previous_days_first_due_max, -- Maximum of the first due day (relative to the application)
    avg(DAYS_FIRST_DUE) AS previous_days_first_due_mean, -- Mean of the first due day (relative to the application)
    max(DAYS_LAST_DUE_1ST_VERSION) AS previous_days_last_due_1st_version_max, -- Maximum of the last due day in the first schedule (relative to the application)
    avg(DAYS_LAST_DUE_1ST_VERSION) AS previous_days_last_due_1st_version_mean, -- Mean of the last due day in the first schedule (relative to the application)
    max(DAYS_LAST_DUE) AS previous_days_last_due_max, -- Maximum of the last due day (relative to the application)
    avg(DAYS_LAST_DUE) AS previous_days_last_due_mean, -- Mean of the last due day (relative to the application)
    max(DAYS_TERMINATION) AS previous_days_termination_max, -- Maximum of the day of termination (relative to the application)
    avg(DAYS_TERMINATION) AS previous_days_termination_mean, -- Mean of the day of termination (relative to the application)
    avg(RATE_INTEREST_PRIMARY) AS previous_primary_rate_mean, -- Mean of the primary interest rate
    avg(SELLERPLACE_AREA) AS previous_seller_area_mean, -- Mean of the area of the shop
    avg(NFLAG_INSURED_ON_APPROVAL) AS previous_insured_share -- Share of insured applications
FROM previous_known
GROUP BY SK_ID_CURR;

-- shares by status, kind, reason, channel, goods and purpose
SELECT
    SK_ID_CURR,
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Approved' THEN 1 ELSE 0 END) AS previous_approved_share, -- Share with status Approved
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Refused' THEN 1 ELSE 0 END) AS previous_refused_share, -- Share with status Refused
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Canceled' THEN 1 ELSE 0 END) AS previous_canceled_share, -- Share with status Canceled
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Unused offer' THEN 1 ELSE 0 END) AS previous_unused_offer_share, -- Share with status Unused offer
    avg(CASE WHEN NAME_CONTRACT_TYPE = 'Cash loans' THEN 1 ELSE 0 END) AS previous_contract_cash_loans_share, -- Share with type Cash loans
    avg(CASE WHEN NAME_CONTRACT_TYPE = 'Consumer loans' THEN 1 ELSE 0 END) AS previous_contract_consumer_loans_share, -- Share with type Consumer loans
    avg(CASE WHEN NAME_CONTRACT_TYPE = 'Revolving loans' THEN 1 ELSE 0 END) AS previous_contract_revolving_loans_share, -- Share with type Revolving loans
    avg(CASE WHEN CODE_REJECT_REASON = 'HC' THEN 1 ELSE 0 END) AS previous_reason_hc_share, -- Share with reason of refusal HC
    avg(CASE WHEN CODE_REJECT_REASON = 'LIMIT' THEN 1 ELSE 0 END) AS previous_reason_limit_share, -- Share with reason of refusal LIMIT
    avg(CASE WHEN CODE_REJECT_REASON = 'SCO' THEN 1 ELSE 0 END) AS previous_reason_sco_share, -- Share with reason of refusal SCO
    avg(CASE WHEN CODE_REJECT_REASON = 'SCOFR' THEN 1 ELSE 0 END) AS previous_reason_scofr_share, -- Share with reason of refusal SCOFR
    avg(CASE WHEN CODE_REJECT_REASON = 'XNA' THEN 1 ELSE 0 END) AS previous_reason_xna_share, -- Share with reason of refusal XNA
    avg(CASE WHEN CODE_REJECT_REASON = 'XAP' THEN 1 ELSE 0 END) AS previous_reason_xap_share, -- Share with reason of refusal XAP
    avg(CASE WHEN CODE_REJECT_REASON = 'VERIF' THEN 1 ELSE 0 END) AS previous_reason_verif_share, -- Share with reason of refusal VERIF
    avg(CASE WHEN CODE_REJECT_REASON = 'SYSTEM' THEN 1 ELSE 0 END) AS previous_reason_system_share, -- Share with reason of refusal SYSTEM
    avg(CASE WHEN CODE_REJECT_REASON = 'CLIENT' THEN 1 ELSE 0 END) AS previous_reason_client_share, -- Share with reason of refusal CLIENT
    avg(CASE WHEN NAME_CLIENT_TYPE = 'New' THEN 1 ELSE 0 END) AS previous_client_new_share, -- Share with client type New
    avg(CASE WHEN NAME_CLIENT_TYPE = 'Refreshed' THEN 1 ELSE 0 END) AS previous_client_refreshed_share, -- Share with client type Refreshed
    avg(CASE WHEN NAME_CLIENT_TYPE = 'Repeater' THEN 1 ELSE 0 END) AS previous_client_repeater_share, -- Share with client type Repeater
    avg(CASE WHEN NAME_PRODUCT_TYPE = 'walk-in' THEN 1 ELSE 0 END) AS previous_product_walk_in_share, -- Share with product walk-in
    avg(CASE WHEN NAME_PRODUCT_TYPE = 'x-sell' THEN 1 ELSE 0 END) AS previous_product_x_sell_share, -- Share with product x-sell
    avg(CASE WHEN NAME_PRODUCT_TYPE = 'XNA' THEN 1 ELSE 0 END) AS previous_product_xna_share, -- Share with product XNA
    avg(CASE WHEN NAME_PORTFOLIO = 'Cards' THEN 1 ELSE 0 END) AS previous_portfolio_cards_share, -- Share with portfolio Cards
    avg(CASE WHEN NAME_PORTFOLIO = 'Cars' THEN 1 ELSE 0 END) AS previous_portfolio_cars_share, -- Share with portfolio Cars
    avg(CASE WHEN NAME_PORTFOLIO = 'Cash' THEN 1 ELSE 0 END) AS previous_portfolio_cash_share, -- Share with portfolio Cash
    avg(CASE WHEN NAME_PORTFOLIO = 'POS' THEN 1 ELSE 0 END) AS previous_portfolio_pos_share, -- Share with portfolio POS
    avg(CASE WHEN NAME_YIELD_GROUP = 'high' THEN 1 ELSE 0 END) AS previous_yield_high_share, -- Share with yield group high
    avg(CASE WHEN NAME_YIELD_GROUP = 'low_action' THEN 1 ELSE 0 END) AS previous_yield_low_action_share, -- Share with yield group low_action
    avg(CASE WHEN NAME_YIELD_GROUP = 'low_normal' THEN 1 ELSE 0 END) AS previous_yield_low_normal_share, -- Share with yield group low_normal
    avg(CASE WHEN NAME_YIELD_GROUP = 'middle' THEN 1 ELSE 0 END) AS previous_yield_middle_share, -- Share with yield group middle
    avg(CASE WHEN NAME_YIELD_GROUP = 'XNA' THEN 1 ELSE 0 END) AS previous_yield_xna_share, -- Share with yield group XNA
    avg(CASE WHEN NAME_PAYMENT_TYPE = 'Cash through the bank' THEN 1 ELSE 0 END) AS previous_payment_cash_through_the_bank_share, -- Share with payment type Cash through the bank
    avg(CASE WHEN NAME_PAYMENT_TYPE = 'Cashless from the account of the employer' THEN 1 ELSE 0 END) AS previous_payment_cashless_from_the_account_of_the_employer_share, -- Share with payment type Cashless from the account of the employer
    avg(CASE WHEN NAME_PAYMENT_TYPE = 'Non-cash from your account' THEN 1 ELSE 0 END) AS previous_payment_non_cash_from_your_account_share, -- Share with payment type Non-cash from your account
    avg(CASE WHEN CHANNEL_TYPE = 'AP+ (Cash loan)' THEN 1 ELSE 0 END) AS previous_channel_ap_cash_loan_share, -- Share with channel AP+ (Cash loan)
    avg(CASE WHEN CHANNEL_TYPE = 'Car dealer' THEN 1 ELSE 0 END) AS previous_channel_car_dealer_share, -- Share with channel Car dealer
    avg(CASE WHEN CHANNEL_TYPE = 'Channel of corporate sales' THEN 1 ELSE 0 END) AS previous_channel_channel_of_corporate_sales_share, -- Share with channel Channel of corporate sales
    avg(CASE WHEN CHANNEL_TYPE = 'Contact center' THEN 1 ELSE 0 END) AS previous_channel_contact_center_share, -- Share with channel Contact center
    avg(CASE WHEN CHANNEL_TYPE = 'Country-wide' THEN 1 ELSE 0 END) AS previous_channel_country_wide_share, -- Share with channel Country-wide
    avg(CASE WHEN CHANNEL_TYPE = 'Credit and cash offices' THEN 1 ELSE 0 END) AS previous_channel_credit_and_cash_offices_share, -- Share with channel Credit and cash offices
    avg(CASE WHEN CHANNEL_TYPE = 'Regional / Local' THEN 1 ELSE 0 END) AS previous_channel_regional_local_share, -- Share with channel Regional / Local
    avg(CASE WHEN CHANNEL_TYPE = 'Stone' THEN 1 ELSE 0 END) AS previous_channel_stone_share, -- Share with channel Stone
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Auto technology' THEN 1 ELSE 0 END) AS previous_industry_auto_technology_share, -- Share with industry Auto technology
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Clothing' THEN 1 ELSE 0 END) AS previous_industry_clothing_share, -- Share with industry Clothing
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Connectivity' THEN 1 ELSE 0 END) AS previous_industry_connectivity_share, -- Share with industry Connectivity
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Construction' THEN 1 ELSE 0 END) AS previous_industry_construction_share, -- Share with industry Construction
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Consumer electronics' THEN 1 ELSE 0 END) AS previous_industry_consumer_electronics_share, -- Share with industry Consumer electronics
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Furniture' THEN 1 ELSE 0 END) AS previous_industry_furniture_share, -- Share with industry Furniture
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Industry' THEN 1 ELSE 0 END) AS previous_industry_industry_share, -- Share with industry Industry
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Jewelry' THEN 1 ELSE 0 END) AS previous_industry_jewelry_share, -- Share with industry Jewelry
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'MLM partners' THEN 1 ELSE 0 END) AS previous_industry_mlm_partners_share, -- Share with industry MLM partners
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'Tourism' THEN 1 ELSE 0 END) AS previous_industry_tourism_share, -- Share with industry Tourism
    avg(CASE WHEN NAME_SELLER_INDUSTRY = 'XNA' THEN 1 ELSE 0 END) AS previous_industry_xna_share, -- Share with industry XNA
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Audio/Video' THEN 1 ELSE 0 END) AS previous_goods_audio_video_share, -- Share with goods Audio/Video
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Clothing and Accessories' THEN 1 ELSE 0 END) AS previous_goods_clothing_and_accessories_share, -- Share with goods Clothing and Accessories
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Computers' THEN 1 ELSE 0 END) AS previous_goods_computers_share, -- Share with goods Computers
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Construction Materials' THEN 1 ELSE 0 END) AS previous_goods_construction_materials_share, -- Share with goods Construction Materials
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Consumer Electronics' THEN 1 ELSE 0 END) AS previous_goods_consumer_electronics_share, -- Share with goods Consumer Electronics
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Furniture' THEN 1 ELSE 0 END) AS previous_goods_furniture_share, -- Share with goods Furniture
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Homewares' THEN 1 ELSE 0 END) AS previous_goods_homewares_share, -- Share with goods Homewares
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Jewelry' THEN 1 ELSE 0 END) AS previous_goods_jewelry_share, -- Share with goods Jewelry
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Medical Supplies' THEN 1 ELSE 0 END) AS previous_goods_medical_supplies_share, -- Share with goods Medical Supplies
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Mobile' THEN 1 ELSE 0 END) AS previous_goods_mobile_share, -- Share with goods Mobile
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'Vehicles' THEN 1 ELSE 0 END) AS previous_goods_vehicles_share, -- Share with goods Vehicles
    avg(CASE WHEN NAME_GOODS_CATEGORY = 'XNA' THEN 1 ELSE 0 END) AS previous_goods_xna_share, -- Share with goods XNA
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Repairs' THEN 1 ELSE 0 END) AS previous_purpose_repairs_share, -- Share with purpose Repairs
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Urgent needs' THEN 1 ELSE 0 END) AS previous_purpose_urgent_needs_share, -- Share with purpose Urgent needs
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Buying a used car' THEN 1 ELSE 0 END) AS previous_purpose_buying_a_used_car_share, -- Share with purpose Buying a used car
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Medicine' THEN 1 ELSE 0 END) AS previous_purpose_medicine_share, -- Share with purpose Medicine
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Payments on other loans' THEN 1 ELSE 0 END) AS previous_purpose_payments_on_other_loans_share, -- Share with purpose Payments on other loans
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'Other' THEN 1 ELSE 0 END) AS previous_purpose_other_share, -- Share with purpose Other
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'XNA' THEN 1 ELSE 0 END) AS previous_purpose_xna_share, -- Share with purpose XNA
    avg(CASE WHEN NAME_CASH_LOAN_PURPOSE = 'XAP' THEN 1 ELSE 0 END) AS previous_purpose_xap_share -- Share with purpose XAP
FROM previous_known
GROUP BY SK_ID_CURR;

-- approved applications
SELECT
    SK_ID_CURR,
    min(AMT_ANNUITY) AS previous_approved_annuity_amount_min, -- Minimum of the annuity, approved applications
    max(AMT_ANNUITY) AS previous_approved_annuity_amount_max, -- Maximum of the annuity, approved applications
    avg(AMT_ANNUITY) AS previous_approved_annuity_amount_mean, -- Mean of the annuity, approved applications
    min(AMT_APPLICATION) AS previous_approved_asked_amount_min, -- Minimum of the requested amount, approved applications
    max(AMT_APPLICATION) AS previous_approved_asked_amount_max, -- Maximum of the requested amount, approved applications
    avg(AMT_APPLICATION) AS previous_approved_asked_amount_mean, -- Mean of the requested amount, approved applications
    min(AMT_CREDIT) AS previous_approved_credit_amount_min, -- Minimum of the credit amount, approved applications
    max(AMT_CREDIT) AS previous_approved_credit_amount_max, -- Maximum of the credit amount, approved applications
    avg(AMT_CREDIT) AS previous_approved_credit_amount_mean, -- Mean of the credit amount, approved applications
    min(application_credit_ratio) AS previous_approved_asked_credit_ratio_min, -- Minimum of the ratio of requested amount to credit amount, approved applications
    max(application_credit_ratio) AS previous_approved_asked_credit_ratio_max, -- Maximum of the ratio of requested amount to credit amount, approved applications
    avg(application_credit_ratio) AS previous_approved_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount, approved applications
    var_samp(application_credit_ratio) AS previous_approved_asked_credit_ratio_var, -- Variance of the ratio of requested amount to credit amount, approved applications
    min(AMT_DOWN_PAYMENT) AS previous_approved_down_payment_amount_min, -- Minimum of the down payment, approved applications
    max(AMT_DOWN_PAYMENT) AS previous_approved_down_payment_amount_max, -- Maximum of the down payment, approved applications
    avg(AMT_DOWN_PAYMENT) AS previous_approved_down_payment_amount_mean, -- Mean of the down payment, approved applications
    min(AMT_GOODS_PRICE) AS previous_approved_goods_amount_min, -- Minimum of the price of the goods, approved applications
    max(AMT_GOODS_PRICE) AS previous_approved_goods_amount_max, -- Maximum of the price of the goods, approved applications
    avg(AMT_GOODS_PRICE) AS previous_approved_goods_amount_mean, -- Mean of the price of the goods, approved applications
    min(HOUR_APPR_PROCESS_START) AS previous_approved_hour_min, -- Minimum of the hour of the application, approved applications
    max(HOUR_APPR_PROCESS_START) AS previous_approved_hour_max, -- Maximum of the hour of the application, approved applications
    avg(HOUR_APPR_PROCESS_START) AS previous_approved_hour_mean, -- Mean of the hour of the application, approved applications
    min(RATE_DOWN_PAYMENT) AS previous_approved_down_payment_rate_min, -- Minimum of the down payment rate, approved applications
    max(RATE_DOWN_PAYMENT) AS previous_approved_down_payment_rate_max, -- Maximum of the down payment rate, approved applications
    avg(RATE_DOWN_PAYMENT) AS previous_approved_down_payment_rate_mean, -- Mean of the down payment rate, approved applications
    min(DAYS_DECISION) AS previous_approved_days_decision_min, -- Minimum of the day of the decision (relative to the application), approved applications
    max(DAYS_DECISION) AS previous_approved_days_decision_max, -- Maximum of the day of the decision (relative to the application), approved applications
    avg(DAYS_DECISION) AS previous_approved_days_decision_mean, -- Mean of the day of the decision (relative to the application), approved applications
    avg(CNT_PAYMENT) AS previous_approved_payments_count_mean, -- Mean of the number of payments, approved applications
    sum(CNT_PAYMENT) AS previous_approved_payments_count_sum -- Sum of the number of payments, approved applications
FROM previous_known
WHERE NAME_CONTRACT_STATUS = 'Approved'
GROUP BY SK_ID_CURR;

-- refused applications
SELECT
    SK_ID_CURR,
    min(AMT_ANNUITY) AS previous_refused_annuity_amount_min, -- Minimum of the annuity, refused applications
    max(AMT_ANNUITY) AS previous_refused_annuity_amount_max, -- Maximum of the annuity, refused applications
    avg(AMT_ANNUITY) AS previous_refused_annuity_amount_mean, -- Mean of the annuity, refused applications
    min(AMT_APPLICATION) AS previous_refused_asked_amount_min, -- Minimum of the requested amount, refused applications
    max(AMT_APPLICATION) AS previous_refused_asked_amount_max, -- Maximum of the requested amount, refused applications
    avg(AMT_APPLICATION) AS previous_refused_asked_amount_mean, -- Mean of the requested amount, refused applications
    min(AMT_CREDIT) AS previous_refused_credit_amount_min, -- Minimum of the credit amount, refused applications
    max(AMT_CREDIT) AS previous_refused_credit_amount_max, -- Maximum of the credit amount, refused applications
    avg(AMT_CREDIT) AS previous_refused_credit_amount_mean, -- Mean of the credit amount, refused applications
    min(application_credit_ratio) AS previous_refused_asked_credit_ratio_min, -- Minimum of the ratio of requested amount to credit amount, refused applications
    max(application_credit_ratio) AS previous_refused_asked_credit_ratio_max, -- Maximum of the ratio of requested amount to credit amount, refused applications
    avg(application_credit_ratio) AS previous_refused_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount, refused applications
    var_samp(application_credit_ratio) AS previous_refused_asked_credit_ratio_var, -- Variance of the ratio of requested amount to credit amount, refused applications
    min(AMT_DOWN_PAYMENT) AS previous_refused_down_payment_amount_min, -- Minimum of the down payment, refused applications
    max(AMT_DOWN_PAYMENT) AS previous_refused_down_payment_amount_max, -- Maximum of the down payment, refused applications
    avg(AMT_DOWN_PAYMENT) AS previous_refused_down_payment_amount_mean, -- Mean of the down payment, refused applications
    min(AMT_GOODS_PRICE) AS previous_refused_goods_amount_min, -- Minimum of the price of the goods, refused applications
    max(AMT_GOODS_PRICE) AS previous_refused_goods_amount_max, -- Maximum of the price of the goods, refused applications
    avg(AMT_GOODS_PRICE) AS previous_refused_goods_amount_mean, -- Mean of the price of the goods, refused applications
    min(HOUR_APPR_PROCESS_START) AS previous_refused_hour_min, -- Minimum of the hour of the application, refused applications
    max(HOUR_APPR_PROCESS_START) AS previous_refused_hour_max, -- Maximum of the hour of the application, refused applications
    avg(HOUR_APPR_PROCESS_START) AS previous_refused_hour_mean, -- Mean of the hour of the application, refused applications
    min(RATE_DOWN_PAYMENT) AS previous_refused_down_payment_rate_min, -- Minimum of the down payment rate, refused applications
    max(RATE_DOWN_PAYMENT) AS previous_refused_down_payment_rate_max, -- Maximum of the down payment rate, refused applications
    avg(RATE_DOWN_PAYMENT) AS previous_refused_down_payment_rate_mean, -- Mean of the down payment rate, refused applications
    min(DAYS_DECISION) AS previous_refused_days_decision_min, -- Minimum of the day of the decision (relative to the application), refused applications
    max(DAYS_DECISION) AS previous_refused_days_decision_max, -- Maximum of the day of the decision (relative to the application), refused applications
    avg(DAYS_DECISION) AS previous_refused_days_decision_mean, -- Mean of the day of the decision (relative to the application), refused applications
    avg(CNT_PAYMENT) AS previous_refused_payments_count_mean, -- Mean of the number of payments, refused applications
    sum(CNT_PAYMENT) AS previous_refused_payments_count_sum -- Sum of the number of payments, refused applications
FROM previous_known
WHERE NAME_CONTRACT_STATUS = 'Refused'
GROUP BY SK_ID_CURR;

-- applications of the last 3, 6, 12 and 24 months
SELECT
    SK_ID_CURR,
    count(*) FILTER (WHERE DAYS_DECISION >= -91) AS previous_3m_count, -- Number of applications of the last 3 months
    count(*) FILTER (WHERE DAYS_DECISION >= -91 AND NAME_CONTRACT_STATUS = 'Refused') AS previous_3m_refused_count, -- Number of refused applications of the last 3 months
    avg(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -91) AS previous_3m_credit_amount_mean, -- Mean of the credit amount, applications of the last 3 months
    sum(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -91) AS previous_3m_credit_amount_sum, -- Sum of the credit amount, applications of the last 3 months
    count(*) FILTER (WHERE DAYS_DECISION >= -183) AS previous_6m_count, -- Number of applications of the last 6 months
    count(*) FILTER (WHERE DAYS_DECISION >= -183 AND NAME_CONTRACT_STATUS = 'Refused') AS previous_6m_refused_count, -- Number of refused applications of the last 6 months
    avg(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -183) AS previous_6m_credit_amount_mean, -- Mean of the credit amount, applications of the last 6 months
    sum(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -183) AS previous_6m_credit_amount_sum, -- Sum of the credit amount, applications of the last 6 months
    count(*) FILTER (WHERE DAYS_DECISION >= -365) AS previous_12m_count, -- Number of applications of the last 12 months
    count(*) FILTER (WHERE DAYS_DECISION >= -365 AND NAME_CONTRACT_STATUS = 'Refused') AS previous_12m_refused_count, -- Number of refused applications of the last 12 months
    avg(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -365) AS previous_12m_credit_amount_mean, -- Mean of the credit amount, applications of the last 12 months
    sum(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -365) AS previous_12m_credit_amount_sum, -- Sum of the credit amount, applications of the last 12 months
    count(*) FILTER (WHERE DAYS_DECISION >= -730) AS previous_24m_count, -- Number of applications of the last 24 months
    count(*) FILTER (WHERE DAYS_DECISION >= -730 AND NAME_CONTRACT_STATUS = 'Refused') AS previous_24m_refused_count, -- Number of refused applications of the last 24 months
    avg(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -730) AS previous_24m_credit_amount_mean, -- Mean of the credit amount, applications of the last 24 months
    sum(AMT_CREDIT) FILTER (WHERE DAYS_DECISION >= -730) AS previous_24m_credit_amount_sum -- Sum of the credit amount, applications of the last 24 months
FROM previous_known
GROUP BY SK_ID_CURR;

-- the last 1, 3 and 5 applications; applications of the same day are ordered by SK_ID_PREV
SELECT
    SK_ID_CURR,
    avg(AMT_CREDIT) FILTER (WHERE recency <= 1) AS previous_last_1_credit_amount_mean, -- Mean of the credit amount, last application
    avg(AMT_ANNUITY) FILTER (WHERE recency <= 1) AS previous_last_1_annuity_amount_mean, -- Mean of the annuity, last application
    avg(application_credit_ratio) FILTER (WHERE recency <= 1) AS previous_last_1_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount, last application
    avg(DAYS_DECISION) FILTER (WHERE recency <= 1) AS previous_last_1_days_decision_mean, -- Mean of the day of the decision (relative to the application), last application
    avg(CNT_PAYMENT) FILTER (WHERE recency <= 1) AS previous_last_1_payments_count_mean, -- Mean of the number of payments, last application
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Refused' THEN 1 ELSE 0 END) FILTER (WHERE recency <= 1) AS previous_last_1_refused_share, -- Share of refused applications, last application
    avg(AMT_CREDIT) FILTER (WHERE recency <= 3) AS previous_last_3_credit_amount_mean, -- Mean of the credit amount, last 3 applications
    avg(AMT_ANNUITY) FILTER (WHERE recency <= 3) AS previous_last_3_annuity_amount_mean, -- Mean of the annuity, last 3 applications
    avg(application_credit_ratio) FILTER (WHERE recency <= 3) AS previous_last_3_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount, last 3 applications
    avg(DAYS_DECISION) FILTER (WHERE recency <= 3) AS previous_last_3_days_decision_mean, -- Mean of the day of the decision (relative to the application), last 3 applications
    avg(CNT_PAYMENT) FILTER (WHERE recency <= 3) AS previous_last_3_payments_count_mean, -- Mean of the number of payments, last 3 applications
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Refused' THEN 1 ELSE 0 END) FILTER (WHERE recency <= 3) AS previous_last_3_refused_share, -- Share of refused applications, last 3 applications
    avg(AMT_CREDIT) FILTER (WHERE recency <= 5) AS previous_last_5_credit_amount_mean, -- Mean of the credit amount, last 5 applications
    avg(AMT_ANNUITY) FILTER (WHERE recency <= 5) AS previous_last_5_annuity_amount_mean, -- Mean of the annuity, last 5 applications
    avg(application_credit_ratio) FILTER (WHERE recency <= 5) AS previous_last_5_asked_credit_ratio_mean, -- Mean of the ratio of requested amount to credit amount, last 5 applications
    avg(DAYS_DECISION) FILTER (WHERE recency <= 5) AS previous_last_5_days_decision_mean, -- Mean of the day of the decision (relative to the application), last 5 applications
    avg(CNT_PAYMENT) FILTER (WHERE recency <= 5) AS previous_last_5_payments_count_mean, -- Mean of the number of payments, last 5 applications
    avg(CASE WHEN NAME_CONTRACT_STATUS = 'Refused' THEN 1 ELSE 0 END) FILTER (WHERE recency <= 5) AS previous_last_5_refused_share, -- Share of refused applications, last 5 applications
    regr_slope(AMT_CREDIT, DAYS_DECISION) FILTER (WHERE recency <= 10) AS previous_credit_amount_trend -- Trend of the credit amount per day, last 10 applications
FROM previous_known
GROUP BY SK_ID_CURR;
