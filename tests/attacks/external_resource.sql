-- makes a resource
FROM create_external_resource('x')
