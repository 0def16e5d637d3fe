-- a function that changes something
SELECT setseed(0.5)
