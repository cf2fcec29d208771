-- Ratios and combinations of columns of the application itself.
-- A feature with the name of a column replaces that column. No protected column is read. So there
-- is no ratio of employment to age: it would depend on the age.

-- ratios, external scores, documents
SELECT
    SK_ID_CURR,
    nullif(DAYS_EMPLOYED, 365243) AS DAYS_EMPLOYED, -- Start of the present employment (days relative to the application)
    nullif(DAYS_LAST_PHONE_CHANGE, 365243) AS DAYS_LAST_PHONE_CHANGE, -- Last change of the telephone (days relative to the application)
    CASE WHEN DAYS_EMPLOYED = 365243 THEN 1 ELSE 0 END AS app_without_employment, -- Whether no employment is known (365243 in the source)
    CAST(AMT_INCOME_TOTAL AS DOUBLE) / nullif(AMT_CREDIT, 0) AS app_income_credit_ratio, -- Ratio of income to credit amount
    CAST(AMT_INCOME_TOTAL AS DOUBLE) / nullif(CNT_FAM_MEMBERS, 0) AS app_income_per_person, -- Income per member of the household
    CAST(AMT_ANNUITY AS DOUBLE) / nullif(AMT_INCOME_TOTAL, 0) AS app_annuity_income_ratio, -- Ratio of annuity to income
    CAST(AMT_ANNUITY AS DOUBLE) / nullif(AMT_CREDIT, 0) AS app_payment_rate, -- Ratio of annuity to credit amount
    CAST(AMT_CREDIT AS DOUBLE) / nullif(AMT_GOODS_PRICE, 0) AS app_credit_goods_ratio, -- Ratio of credit amount to price of the goods
    AMT_CREDIT - AMT_GOODS_PRICE AS app_credit_goods_difference, -- Credit amount minus price of the goods
    CAST(CNT_CHILDREN AS DOUBLE) / nullif(CNT_FAM_MEMBERS, 0) AS app_children_share, -- Share of children in the household
    CAST(OWN_CAR_AGE AS DOUBLE) / nullif(nullif(DAYS_EMPLOYED, 365243), 0) AS app_car_age_employment_ratio, -- Ratio of car age to length of employment
    CAST(DAYS_REGISTRATION AS DOUBLE) / nullif(DAYS_ID_PUBLISH, 0) AS app_registration_id_ratio, -- Ratio of days since registration to days since the identity document was issued
    FLAG_DOCUMENT_2 + FLAG_DOCUMENT_3 + FLAG_DOCUMENT_4 + FLAG_DOCUMENT_5 + FLAG_DOCUMENT_6 + FLAG_DOCUMENT_7 + FLAG_DOCUMENT_8 + FLAG_DOCUMENT_9 + FLAG_DOCUMENT_10 + FLAG_DOCUMENT_11 + FLAG_DOCUMENT_12 + FLAG_DOCUMENT_13 + FLAG_DOCUMENT_14 + FLAG_DOCUMENT_15 + FLAG_DOCUMENT_16 + FLAG_DOCUMENT_17 + FLAG_DOCUMENT_18 + FLAG_DOCUMENT_19 + FLAG_DOCUMENT_20 + FLAG_DOCUMENT_21 AS app_documents_count, -- Number of documents handed in
    CASE WHEN EXT_SOURCE_1 IS NULL THEN 1 ELSE 0 END + CASE WHEN EXT_SOURCE_2 IS NULL THEN 1 ELSE 0 END + CASE WHEN EXT_SOURCE_3 IS NULL THEN 1 ELSE 0 END AS app_ext_source_missing_count, -- Number of missing external scores
    (coalesce(EXT_SOURCE_1, 0) + coalesce(EXT_SOURCE_2, 0) + coalesce(EXT_SOURCE_3, 0)) / nullif(3 - (CASE WHEN EXT_SOURCE_1 IS NULL THEN 1 ELSE 0 END + CASE WHEN EXT_SOURCE_2 IS NULL THEN 1 ELSE 0 END + CASE WHEN EXT_SOURCE_3 IS NULL THEN 1 ELSE 0 END), 0) AS app_ext_source_mean, -- Mean of the available external scores
    EXT_SOURCE_1 * EXT_SOURCE_2 AS app_ext_source_1_2_product, -- Product of external scores 1 and 2
    EXT_SOURCE_1 * EXT_SOURCE_3 AS app_ext_source_1_3_product, -- Product of external scores 1 and 3
    EXT_SOURCE_2 * EXT_SOURCE_3 AS app_ext_source_2_3_product, -- Product of external scores 2 and 3
    EXT_SOURCE_1 * EXT_SOURCE_2 * EXT_SOURCE_3 AS app_ext_source_product, -- Product of the external scores
    EXT_SOURCE_1 - EXT_SOURCE_2 AS app_ext_source_1_2_difference, -- External score 1 minus score 2
    EXT_SOURCE_1 - EXT_SOURCE_3 AS app_ext_source_1_3_difference, -- External score 1 minus score 3
    EXT_SOURCE_2 - EXT_SOURCE_3 AS app_ext_source_2_3_difference, -- External score 2 minus score 3
    least(EXT_SOURCE_1, EXT_SOURCE_2, EXT_SOURCE_3) AS app_ext_source_min, -- Lowest external score
    greatest(EXT_SOURCE_1, EXT_SOURCE_2, EXT_SOURCE_3) AS app_ext_source_max, -- Highest external score
    AMT_REQ_CREDIT_BUREAU_HOUR + AMT_REQ_CREDIT_BUREAU_DAY + AMT_REQ_CREDIT_BUREAU_WEEK + AMT_REQ_CREDIT_BUREAU_MON + AMT_REQ_CREDIT_BUREAU_QRT + AMT_REQ_CREDIT_BUREAU_YEAR AS app_bureau_requests_sum, -- Number of requests to the bureau in the last year
    CAST(DEF_30_CNT_SOCIAL_CIRCLE AS DOUBLE) / nullif(OBS_30_CNT_SOCIAL_CIRCLE, 0) AS app_social_circle_default_share -- Share of defaults in the social circle
FROM application;
