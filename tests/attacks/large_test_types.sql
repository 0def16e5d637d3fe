-- a table function that takes minutes and heeds no limit
FROM test_all_types(use_large_enum := true, use_large_bignum := true)
