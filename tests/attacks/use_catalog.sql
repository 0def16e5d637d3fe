-- USE
USE memory
