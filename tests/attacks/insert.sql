-- INSERT
INSERT INTO gold.program_profile VALUES ('3', 'x', 1, 1, NULL)
