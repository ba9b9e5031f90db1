"""Prompts become text: the chat model behind LangChain, its lock and its prompts."""
