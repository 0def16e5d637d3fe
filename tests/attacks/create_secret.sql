-- CREATE SECRET reaches for extensions
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
