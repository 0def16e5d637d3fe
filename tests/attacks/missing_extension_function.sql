-- a function that would be downloaded
FROM delta_scan('{folder}')
