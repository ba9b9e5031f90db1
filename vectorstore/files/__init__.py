"""The library's own copies of files: in a folder, or in a store of objects on a server."""
