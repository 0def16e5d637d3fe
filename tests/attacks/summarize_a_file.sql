-- a file behind SUMMARIZE
SUMMARIZE '/etc/passwd'
