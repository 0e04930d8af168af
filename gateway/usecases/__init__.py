"""What an actor can do: one file an area, one function a verb."""
