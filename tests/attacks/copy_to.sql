-- COPY TO
COPY gold.program_profile TO '{folder}/out.csv'
