"""What happens when a command runs, one module per verb. Flows return reports, the CLI prints."""
