"""How fast the app is with many documents, conversations and visitors."""
