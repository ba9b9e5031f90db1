"""llama.cpp behind plain types: loads a GGUF file as a model that answers and can be stopped."""
