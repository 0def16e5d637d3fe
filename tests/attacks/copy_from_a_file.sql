-- COPY FROM
COPY program_profile FROM '/etc/passwd'
