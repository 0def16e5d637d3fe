-- reads the environment
SELECT getenv('HOME')
