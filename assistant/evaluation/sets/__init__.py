"""Where questions with known answers come from: files, folders, drafts, thumbs."""
