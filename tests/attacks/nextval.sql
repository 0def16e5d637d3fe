-- a function that changes something
SELECT nextval('s')
