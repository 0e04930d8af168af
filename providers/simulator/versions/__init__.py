"""TM Forum v5 beside v4: what is kept in v4's shapes is written, and what comes in is read, in v5's."""
