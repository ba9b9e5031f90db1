"""Are answers right, refused where they should be, and cited on the right line?"""
