"""What every implementation of a seam promises, as tests: subclass one, and supply its fixtures."""

TEXTS = (
    ("Leave", "There are thirty days of leave."),
    ("Codes", "A code has fourteen letters."),
    ("Travel", "Trains are booked at the front desk."),
    ("Revenue", "Sales grew by a tenth in March."),
)
