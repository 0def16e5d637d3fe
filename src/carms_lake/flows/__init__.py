"""What happens when a command runs, one module per verb. Flows return reports; only the CLI prints."""
