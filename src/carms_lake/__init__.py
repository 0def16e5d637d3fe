"""carms: a lakehouse on a laptop, as one command."""

__version__ = "0.1.0"
