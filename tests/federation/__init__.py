"""Many providers as one."""
