"""The formats of table files, by the endings of their names."""

CSV_ENDINGS = (".csv", ".csv.gz")
ENDINGS = (".parquet", *CSV_ENDINGS)
