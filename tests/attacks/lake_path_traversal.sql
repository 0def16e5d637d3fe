-- a table's name that climbs out of the lake
FROM silver."../../../../outside"
