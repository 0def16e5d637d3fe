-- INSTALL reaches the network
INSTALL httpfs
