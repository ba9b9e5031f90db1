"""Turns a page of a PDF, as PDFium gives it, into lines, tables and figures."""
