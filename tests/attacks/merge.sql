-- MERGE INTO
MERGE INTO gold.program_profile p USING (SELECT '1' AS i) s ON p.program_stream_id = s.i WHEN MATCHED THEN DELETE
