"""The words: frozen values, the taxonomy, the policy, its one decision; standard library only."""
