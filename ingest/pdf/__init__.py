"""How a page of a PDF becomes lines, tables and figures; what PDFium gives, put in order."""
