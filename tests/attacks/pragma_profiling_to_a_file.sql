-- PRAGMA writes a profile
PRAGMA profiling_output = '{folder}/profile.json'
