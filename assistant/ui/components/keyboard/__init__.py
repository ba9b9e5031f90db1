"""The keyboard of the chat: its keys, the menu of commands, and a list of all keys."""
