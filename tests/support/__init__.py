"""What several tests share: a house on a temporary store, scripted models, planted canaries."""
