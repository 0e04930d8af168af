"""Operations, whatever brought them: read, bounded, executed."""
