"""Wire formats: bytes in, an `Exchange` out, and restored events back; one file per direction."""
