-- COMMENT ON
COMMENT ON TABLE gold.program_profile IS 'mine'
