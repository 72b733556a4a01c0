"""The memory: exchanges, consents, keys, policies and the ledger over them; the only SQL."""
