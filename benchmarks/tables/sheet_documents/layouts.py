"""Ten ways to set a document, five of them held out: each writes a file and says what it states.

A layout returns the page on which each column's fact stands. A column that it does not name has no
fact in the document, and its cell is to be empty.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from benchmarks.tables.sheet_documents.facts import Facts
from benchmarks.tables.sheet_documents.paper import Paper, WordPaper

Stated = Mapping[str, int]  # the page of each column's fact
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")


def long(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def american(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def months(f: Facts) -> str:
    return f"{_NUMBERS[f.months]} month{'s' if f.months > 1 else ''}"


# -- development


def invoice_grid(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line(f.supplier, bold=True, size=15)
    paper.line(f.addresses[0], size=9)
    paper.gap()
    paper.line("INVOICE", bold=True, size=18)
    paper.pairs(
        ("Invoice number", f.reference), ("Invoice date", long(f.day)),
        ("Delivery date", long(date(f.day.year, f.day.month, 1))),
        ("Customer", f.customer), ("Payment term", f"{f.days} days net"),
        ("Contact", f.seller),
    )  # fmt: skip
    paper.gap()
    paper.table(
        ("Description", "Qty", "Amount"),
        ("Quarterly maintenance", "1", f.money(f.net / 2)),
        ("Spare parts and travel", "4", f.money(f.net / 2)),
        ("Subtotal", "", f.money(f.net)),
        ("VAT 20 %", "", f.money(f.tax)),
        ("Total", "", f.money(f.total)),
    )
    paper.gap()
    paper.text(
        "Please transfer the amount to IBAN DE02 1203 0000 0000 2020 51, quoting the number."
    )
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "total", "payment term", "reference number"), 1
    )


def services_agreement(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line("SERVICES AGREEMENT", bold=True, size=17)
    paper.line(f"Contract no. {f.reference}")
    paper.gap()
    paper.text(
        f"This agreement is made on {long(f.day)} between {f.supplier}, {f.addresses[0]} (the "
        f'"Supplier"), and {f.customer}, {f.addresses[1]} (the "Customer").'
    )
    paper.clause(
        "1. Services", "The Supplier shall clean and maintain the offices of the Customer on every "
        "working day. The Supplier shall use its own staff and its own equipment, and shall follow "
        "the house rules of the Customer.",
    )  # fmt: skip
    paper.clause(
        "2. Standard of care", "The Supplier shall act with the skill that is usual in its trade. "
        "Complaints are to be made in writing within ten days. The Supplier shall remedy a defect "
        "within five working days.",
    )  # fmt: skip
    paper.new_page()
    paper.clause(
        "3. Fees", f"The Customer shall pay a total of {f.money(f.total)} for the first year, tax "
        f"of {f.money(f.tax)} included. Invoices are payable within {f.days} days of receipt.",
    )  # fmt: skip
    paper.clause(
        "4. Term and termination", "The agreement begins on the day of the last signature and runs "
        f"for an indefinite time. Either party may terminate it in writing with {months(f)}' "
        "notice to the end of a month. The right to terminate for cause is not affected.",
    )  # fmt: skip
    paper.clause(
        "5. Confidentiality", "Each party keeps the business secrets of the other for three years "
        "after the end of the agreement.",
    )  # fmt: skip
    paper.new_page()
    paper.clause("6. Final provisions", "Changes must be made in writing. The courts of Leeds have "
                 "jurisdiction.")  # fmt: skip
    paper.gap()
    if f.signed:
        paper.line(f"Signed for the Supplier by {f.seller} on {long(f.day)}")
        paper.line(f"Signed for the Customer by {f.buyer} on {long(f.day)}")
    else:
        paper.line("DRAFT FOR REVIEW - this agreement has not been signed yet.", bold=True)
        paper.line("For the Supplier: ______________________   Date: ____________")
        paper.line("For the Customer: ______________________   Date: ____________")
    paper.save(path)
    return {
        "supplier": 1, "customer": 1, "date": 1, "reference number": 1, "total": 2,
        "payment term": 2, "notice period": 2, "signed?": 3,
    }  # fmt: skip


def price_letter(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line(f.supplier, bold=True, size=13)
    paper.line(f"{f.addresses[0]}", size=9)
    paper.gap()
    paper.line(f.customer)
    paper.line(f"Attn. {f.buyer}")
    paper.line(f.addresses[1])
    paper.gap()
    paper.line(american(f.day))
    paper.line(f"Our reference: {f.reference}")
    paper.gap()
    paper.line("New prices from next year", bold=True)
    paper.text(
        f"Dear {f.buyer}, thank you for your trust over the past years. The costs of energy and of "
        "transport have risen by nine per cent since our last adjustment. We therefore have to "
        "change our prices at the beginning of next year."
    )
    paper.text(
        f"The total for your yearly subscription will then be {f.money(f.total)}, of which "
        f"{f.money(f.tax)} is tax. You may pay within {f.days} days of the date of the invoice, as "
        "before."
    )
    paper.text(
        "If you do not agree, you may end the subscription at any time. The notice period is "
        f"{months(f)}."
    )
    paper.text("We would be glad to explain the change to you in person.")
    paper.gap()
    paper.line("Yours sincerely,")
    paper.line(f.seller if f.signed else "(unsigned copy for your files)")
    if f.signed:
        paper.line(f"signed, {f.seller}, Head of Sales", size=9)
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "reference number", "total", "payment term",
         "notice period", "signed?"), 1,
    )  # fmt: skip


def contract_summary_docx(f: Facts, path: Path) -> Stated:
    paper = WordPaper()
    paper.heading("Framework contract")
    paper.pairs(
        ("Contractor", f.supplier), ("Client", f.customer), ("Reference number", f.reference),
        ("Date of contract", f.day.isoformat()), ("Contract value, total", f.money(f.total)),
        ("Terms of payment", f"{f.days} days after invoice"), ("Notice period", months(f)),
    )  # fmt: skip
    paper.heading("Scope")
    paper.text(
        "The contractor delivers spare parts on call. Each call is a separate order. The client is "
        "not bound to order a least quantity. Deliveries arrive within eight working days."
    )
    paper.heading("Liability")
    paper.text("The contractor is liable for intent and gross negligence up to EUR 500,000.00.")
    paper.heading("Signatures")
    if f.signed:
        paper.text(f"Signed on {long(f.day)}: {f.seller} (contractor), {f.buyer} (client)")
    else:
        paper.text("Signatures are still outstanding. This copy is not signed.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "reference number", "total", "payment term",
         "notice period", "signed?"), 1,
    )  # fmt: skip


def invoice_prose_docx(f: Facts, path: Path) -> Stated:
    paper = WordPaper()
    paper.text(f"{f.supplier} · {f.addresses[0]}")
    paper.heading(f"Invoice {f.reference}")
    paper.text(f"Date: {long(f.day)}")
    paper.text(f"Billed to: {f.customer}, {f.addresses[1]}")
    paper.text(
        "For the work that we did for you in the past month we charge as follows. The hours were "
        f"confirmed by {f.buyer}."
    )
    paper.rows(
        ("Item", "Hours", "Price"), ("Consulting", "16", f.money(f.net)),
        ("Value added tax", "", f.money(f.tax)), ("Amount due", "", f.money(f.total)),
    )  # fmt: skip
    paper.text(f"The amount due is payable without deduction within {f.days} days.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "total", "payment term", "reference number"), 1
    )


# -- held out


def invoice_blocks(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line("TAX INVOICE", bold=True, size=20)
    paper.gap()
    paper.blocks(
        ("From", f.supplier, f.addresses[0], f"c/o {f.seller}"),
        ("Bill to", f.customer, f.addresses[1], f"Attn. {f.buyer}"),
    )
    paper.gap()
    paper.table(
        ("Invoice no.", "Issued", "Due"),
        (f.reference, f"{f.day.day:02}.{f.day.month:02}.{f.day.year}", long(f.due)),
    )
    paper.gap()
    paper.table(
        ("Position", "Net"), ("Licence, twelve months", f.money(f.net)),
        ("Sales tax", f.money(f.tax)),
        ("Balance payable", f.money(f.total)),
    )  # fmt: skip
    paper.gap()
    paper.text(f"Terms: net {f.days} days. Late payments bear interest of 8 per cent a year.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "total", "payment term", "reference number"), 1
    )


def order_form(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line("Order Form", bold=True, size=18)
    paper.gap()
    paper.table(
        ("Field", "Entry"),
        ("Vendor", f.supplier), ("Purchaser", f.customer), ("Order ID", f.reference),
        ("Order date", american(f.day)), ("Total order value", f.money(f.total)),
        ("Payment", f"due {f.days} days from invoice"),
        ("Cancellation", f"{f.months * 30} days before the end of a term"),
        ("Authorised by", f.buyer if f.signed else "signature pending"),
        ("Signed", "yes" if f.signed else "no"),
    )  # fmt: skip
    paper.gap()
    paper.text("The vendor's general terms of January 2024 apply. Deliveries are made to the dock.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "reference number", "total", "payment term",
         "notice period", "signed?"), 1,
    )  # fmt: skip


def letter_agreement_docx(f: Facts, path: Path) -> Stated:
    paper = WordPaper()
    paper.text(f"{f.supplier}, {f.addresses[0]}")
    paper.text(f"To {f.customer}, {f.addresses[1]}")
    paper.text(long(f.day))
    paper.text(f"Ref. {f.reference}")
    paper.heading("Letter of engagement")
    paper.text(
        f"Dear {f.buyer}, we are pleased that you wish to engage us. This letter sets out what we "
        "will do for you and what we will charge."
    )
    paper.text(
        "We will keep your accounts, prepare the yearly statements and file them in time. We will "
        "not give legal advice."
    )
    paper.text(
        f"Our fee for the year comes to {f.money(f.total)} in total, with tax. We will bill you "
        f"each quarter, and ask you to settle our bills within {f.days} days."
    )
    paper.text(
        f"Either of us may end the engagement by giving the other {months(f)} of notice in writing."
    )
    if f.signed:
        paper.text(f"Signed: {f.seller}, partner. Agreed and countersigned: {f.buyer}.")
    else:
        paper.text("Please sign and return the enclosed copy; it has not been signed so far.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "reference number", "total", "payment term",
         "notice period", "signed?"), 1,
    )  # fmt: skip


def quotation(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line(f"Quotation {f.reference}", bold=True, size=16)
    paper.line(f"{f.addresses[0].split(', ')[1]}, {long(f.day)}")
    paper.gap()
    paper.text(
        f"{f.supplier} is pleased to make the following offer to {f.customer}. It is valid for six "
        "weeks and is subject to our stock."
    )
    paper.table(
        ("Pos.", "Goods", "Price"), ("1", "Shelving, powder coated", f.money(f.net / 4)),
        ("2", "Assembly on site", f.money(f.net * 3 / 4)), ("", "Tax", f.money(f.tax)),
        ("", "Grand total", f.money(f.total)),
    )  # fmt: skip
    paper.gap()
    paper.text(f"Payment is expected {f.days} days after delivery. Your contact is {f.seller}.")
    paper.save(path)
    return dict.fromkeys(
        ("supplier", "customer", "date", "total", "payment term", "reference number"), 1
    )


def maintenance_contract(f: Facts, path: Path) -> Stated:
    paper = Paper()
    paper.line("Maintenance Contract", bold=True, size=17)
    paper.line(f"File {f.reference}", size=9)
    paper.gap()
    paper.text(f"Dated {american(f.day)}")
    paper.text(
        f"PARTIES: (A) {f.customer}, of {f.addresses[1]}, hereinafter the Owner; and (B) "
        f"{f.supplier}, of {f.addresses[0]}, hereinafter the Contractor, who supplies all services "
        "under this contract."
    )
    paper.clause("I. Background", "The Owner runs three lifts in its building and wishes to "
                 "have them serviced. The Contractor has the permits that it needs.")  # fmt: skip
    paper.clause("II. Duties", "The Contractor inspects each lift every six weeks, keeps a log, "
                 "and answers calls within four hours.")  # fmt: skip
    paper.new_page()
    paper.clause(
        "III. Consideration",
        f"The Owner pays {f.money(f.net)} a year plus tax of {f.money(f.tax)}, "
        f"that is {f.money(f.total)} in total, upon invoice and no later than {f.days} days after "
        "it was received.",
    )  # fmt: skip
    paper.clause(
        "IV. Duration", "The contract has a first term of two years. After that, each party may "
        f"withdraw from it upon {f.months * 30} days' written notice.",
    )  # fmt: skip
    paper.gap()
    if f.signed:
        paper.line(f"Owner: {f.buyer} (signed)        Contractor: {f.seller} (signed)")
    else:
        paper.line("Owner: not signed                 Contractor: not signed")
    paper.save(path)
    return {
        "supplier": 1, "customer": 1, "date": 1, "reference number": 1, "total": 2,
        "payment term": 2, "notice period": 2, "signed?": 2,
    }  # fmt: skip


Layout = Callable[[Facts, Path], Stated]
DEVELOPMENT: tuple[tuple[Layout, str, str], ...] = (  # the beginning of a reference, the suffix
    (invoice_grid, "INV", "pdf"), (services_agreement, "SA", "pdf"), (price_letter, "PL", "pdf"),
    (contract_summary_docx, "FC", "docx"), (invoice_prose_docx, "RE", "docx"),
)  # fmt: skip
HELD_OUT: tuple[tuple[Layout, str, str], ...] = (
    (invoice_blocks, "TX", "pdf"), (order_form, "ORD", "pdf"),
    (letter_agreement_docx, "ENG", "docx"), (quotation, "Q", "pdf"),
    (maintenance_contract, "MC", "pdf"),
)  # fmt: skip
NOTICE_IN_DAYS = (order_form, maintenance_contract)
