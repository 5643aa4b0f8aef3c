"""Operations: learned on a sample, replayed as a lookup anywhere. One idea a file; `oreflow.operation` is the base.

What other cleaning environments call their operations, and what does the same here:

| DataSage         | here                                                  |
| ---------------- | ----------------------------------------------------- |
| fill_null        | fill_missing, fill_from_relation, fill_by_arithmetic  |
| fix_type         | cast_type, parse_number, parse_date, parse_boolean    |
| remove_duplicate | remove_duplicates                                     |
| standardize      | standardize, normalize_categories                     |
| trim             | trim                                                  |
| correct_typo     | correct_typo, correct_typos                           |

| fsds_cleaning_env         | here                                         |
| ------------------------- | -------------------------------------------- |
| drop_duplicates           | remove_duplicates                            |
| replace_invalid_with_null | null_tokens, null_outside                    |
| cast_numeric              | parse_number, cast_type                      |
| cast_datetime             | parse_date, cast_type                        |
| impute_numeric            | fill_missing                                 |
| impute_categorical        | fill_missing                                 |
| normalize_categories      | normalize_categories, map_values             |
| clip_outliers_iqr         | clip_outliers                                |

| DataDojo         | here                            |
| ---------------- | ------------------------------- |
| DROP_DUPLICATES  | remove_duplicates               |
| DROP_COLUMN      | drop_column                     |
| FILL_NA          | fill_missing                    |
| STRIP_CHAR       | strip_characters                |
| TYPE_CAST        | cast_type                       |
| LOWERCASE        | change_case                     |
| GET_VALUE_COUNTS | value_counts                    |
| MAP_VALUES       | map_values                      |
"""
