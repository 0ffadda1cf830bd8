"""Licence expressions as crates write them."""

import unittest

from licenses import allowed_licenses, satisfies

ALLOWED = {"MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}


class Licenses(unittest.TestCase):
    def test_expressions(self) -> None:
        cases = {
            "MIT": True,
            "GPL-3.0": False,
            "GPL-3.0 OR MIT": True,
            "GPL-3.0/MIT": True,
            "MIT AND GPL-3.0": False,
            "ISC AND (GPL-3.0 OR MIT)": True,
            "ISC AND (GPL-3.0 OR LGPL-3.0)": False,
            "GPL-3.0 OR ISC AND MIT": True,
            "GPL-3.0 AND ISC OR MPL-2.0": False,
            "Apache-2.0 WITH LLVM-exception": True,
            "MIT WITH GPL-exception": False,
            "": False,
            "(MIT": False,
            "MIT MIT": False,
        }
        for expression, expected in cases.items():
            with self.subTest(expression):
                self.assertEqual(satisfies(expression, ALLOWED), expected)

    def test_reads_the_allow_list_of_its_own_section(self) -> None:
        text = '[bans]\nallow = ["x"]\n[licenses]\nallow = [\n  "MIT",\n  "ISC",\n]\n[sources]\n'
        self.assertEqual(allowed_licenses(text), {"MIT", "ISC"})
