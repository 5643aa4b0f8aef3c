"""Operations: learned on a sample, replayed as a lookup anywhere. One file each; `oreflow.operation` is the base."""
