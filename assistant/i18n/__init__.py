"""The languages of the app: its texts, numbers and messages, for each visitor in their own."""
