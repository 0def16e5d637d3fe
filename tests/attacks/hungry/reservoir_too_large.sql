-- fills the memory inside a function
SELECT reservoir_quantile(i, 0.5, 100000000) FROM range(10) t(i)
