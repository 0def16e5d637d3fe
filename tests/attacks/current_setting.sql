-- tells paths of the machine
SELECT current_setting('home_directory')
