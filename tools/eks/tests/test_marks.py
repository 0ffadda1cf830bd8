"""What a block needs stands in its first line, on every page with commands for a cluster; what needs nothing
that `./just test-cluster guide` lacks is run by it."""

import unittest

import guide

PAGES = ("charts.md", "delivery.md", *guide.PAGES)
# What talks to a cluster: a block that has one of these has to say so.
TALKS = {"kubectl", "helm"}


class Marks(unittest.TestCase):
    def test_what_talks_to_a_cluster_says_so(self) -> None:
        marked = [block for block in guide.shell(*PAGES) if any(map(talks, guide.calls(block.text)))]
        self.assertGreater(len(marked), 15)
        for block in marked:
            with self.subTest(page=block.page, block=block.text[:60]):
                self.assertTrue(block.mark)

    def test_what_is_left_out_needs_more(self) -> None:
        """No mark keeps a command from being run that could be."""
        for block in guide.shell(*PAGES):
            for words in filter(talks, guide.calls(block.text)):
                with self.subTest(page=block.page, words=words):
                    if block.mark == guide.AWS:
                        # The address of a load balancer, which only AWS' controller writes down.
                        self.assertEqual(words[3:6], ["get", "ingress", "api-http"])
                    if block.mark == guide.NODES:
                        self.assertTrue({"port-forward", "cp", "--repo"} & set(words))


def talks(words: "list[str]") -> bool:
    """`helm template` renders, and asks nobody."""
    if words[:2] == ["./just", "argocd"]:
        return True
    return bool(TALKS & set(words[:2])) and "template" not in words
