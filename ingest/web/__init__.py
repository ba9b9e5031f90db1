"""HTML, wherever it comes from: web pages, mails, books, rendered Markdown."""
