"""What operators see of the API and of the calls to providers: traces, metrics, and log lines that name their trace."""
