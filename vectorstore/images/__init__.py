"""Pictures are found by words and by pictures like them."""
