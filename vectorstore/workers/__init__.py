"""Who reads the files of an `add`: child processes of this machine, or the machines of a Ray
cluster."""
