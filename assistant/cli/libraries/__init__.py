"""The commands of libraries: what is in them, what people say of it, and how they are kept."""
