from ingest.platform.process import is_this_machine


def test_this_machine_is_told_from_others_by_its_numbers() -> None:
    assert all(map(is_this_machine, ("localhost", "127.0.0.1", "127.8.0.1", "::1")))
    others = ("", "192.168.1.5", "0.0.0.0", "::", "localhost.example.org", "127.0.0.1.example.org")
    assert not any(map(is_this_machine, others))
