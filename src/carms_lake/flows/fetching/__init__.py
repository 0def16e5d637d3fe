"""How `carms fetch` brings a file over the network, proved and resumed."""
