-- reads any file
FROM read_json('{folder}/carms.toml')
