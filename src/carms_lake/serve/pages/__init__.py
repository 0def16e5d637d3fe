"""Pages of a service for people: made by the server in English and French, without scripts.

They are below `/en` and `/fr`; `/` is the first of them in the language that the browser asks for.
Each is drawn from one published file, with the markup, the charts and the stylesheet of the report.
"""
