-- fills the memory with one call
SELECT list_resize([1], 4000000000)
