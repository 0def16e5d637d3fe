"""What the commands of the domain answer, as functions over a lake: they return, and print nothing.

A report or a service calls them as a command does. Each takes a `carms_lake.Lake` first.
"""
