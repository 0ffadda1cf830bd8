"""What a program says of itself, and whether a bill knows it."""

import unittest

from evidence import missing
from tests.test_bill import bill_of

CRATES = "/builder/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f"


def program(*sources: str) -> bytes:
    return b"\x7fELF\x00" + "".join(sources).encode() + b"\x00"


class Evidence(unittest.TestCase):
    def test_a_program_of_known_crates_misses_nothing(self) -> None:
        # Panic messages stand side by side in a program, without an end between them.
        text = program(
            f"{CRATES}/serde-1.0.0/src/de.rs",
            f"{CRATES}/serde-1.0.0/src/ser.rs",
            f"/rustc/{'5' * 40}/library/",
        )
        self.assertEqual(missing(bill_of("api"), text), [])

    def test_a_crate_that_the_bill_lacks_is_named(self) -> None:
        faults = missing(bill_of("mcp"), program(f"{CRATES}/serde-1.0.0/src/de.rs"))
        self.assertEqual(faults, ["lacks serde-1.0.0, which is in the program"])

    def test_another_version_is_another_crate(self) -> None:
        self.assertTrue(missing(bill_of("api"), program(f"{CRATES}/serde-1.0.1/src/de.rs")))

    def test_a_crate_that_only_builds_does_not_count(self) -> None:
        faults = missing(bill_of("api"), program(f"{CRATES}/cc-1.0.0/src/lib.rs"))
        self.assertEqual(faults, ["lacks cc-1.0.0, which is in the program"])

    def test_another_compiler_is_named(self) -> None:
        text = program(f"{CRATES}/serde-1.0.0/src/de.rs", f"/rustc/{'6' * 40}/library/core/src/fmt/mod.rs")
        self.assertEqual(missing(bill_of("api"), text), [f"another compiler made the program: {'6' * 40}"])

    def test_what_names_no_crate_proves_nothing(self) -> None:
        self.assertEqual(len(missing(bill_of("api"), b"\x7fELF")), 1)
