-- a second statement behind a dollar-quoted text
SELECT $a$ ' $a$; DROP TABLE gold.program_profile
