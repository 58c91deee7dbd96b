"""What can be said to a service: values and pure functions, no vendor, no I/O."""
