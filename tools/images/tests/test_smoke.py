"""What `try` says before it starts anything."""

import unittest
from unittest import mock

import smoke
from catalogue import IMAGES, Image
from run import Trouble

API, ONDOL = (next(image for image in IMAGES if image.name == name) for name in ("api", "ondol"))


def lacking(tried: list[Image], built: set[str]) -> str:
    with mock.patch.object(smoke, "there", lambda image: image.name in built):
        try:
            smoke.demand_images(tried)
        except Trouble as trouble:
            return str(trouble)
    return ""


class Demand(unittest.TestCase):
    def test_one_image_is_tried_with_the_command_line_s(self) -> None:
        said = lacking([API], {"api"})
        self.assertIn("needs images that are not built: ondol\n", said)
        self.assertIn("./just images --only ondol --only api build try", said)

    def test_all_that_are_missing_are_named_at_once(self) -> None:
        self.assertIn("not built: api, ondol\n", lacking([API, ONDOL], set()))

    def test_what_is_there_is_no_trouble(self) -> None:
        self.assertEqual(lacking([API], {"api", "ondol"}), "")
