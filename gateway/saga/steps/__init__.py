"""An order's steps: each has its do, its look and its undo in one small file."""
