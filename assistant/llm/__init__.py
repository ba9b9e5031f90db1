"""Text generation: the chat model behind LangChain, its lock and its prompts."""
