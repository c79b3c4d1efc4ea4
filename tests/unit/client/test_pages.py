"""Lists in pages: `client/pages.py`."""

from aftertrain.client.pages import all_pages

ITEMS = [("e", 5.0), ("d", 4.0), ("c", 4.0), ("b", 2.0), ("a", 1.0)]


def pages(size: int) -> list[str]:
    def page(before: float | None) -> list[tuple[str, float]]:
        return [item for item in ITEMS if before is None or item[1] <= before][:size]

    return [name for name, _ in all_pages(page, lambda item: item[0], lambda item: item[1])]


def test_every_item_comes_once_whatever_the_pages_sizes() -> None:
    assert [pages(size) for size in (3, 4, 5, 9)] == [list("edcba")] * 4


def test_a_moment_with_more_items_than_a_page_ends_it() -> None:
    assert pages(1) == ["e"]


def test_an_empty_list_has_no_items() -> None:
    assert list(all_pages(lambda _: [], str, float)) == []
