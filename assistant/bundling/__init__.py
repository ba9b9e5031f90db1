"""A folder with all that another machine needs, where no package registry can be reached."""
