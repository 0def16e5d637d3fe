-- fills the memory
SELECT length(list(i)) FROM range(1000000000) t(i)
