"""llama.cpp behind plain types: a GGUF file becomes a model that answers and can be stopped."""
