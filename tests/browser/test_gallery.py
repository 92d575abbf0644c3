"""The gallery in headless Chromium, opened as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.albums import HOSTILE, NOTE, Made, empty

pytestmark = pytest.mark.thorough

Open = Callable[..., Any]


def ids(page: Any) -> list[str]:
    found: list[str] = page.locator("a.tile").evaluate_all("all => all.map(one => one.dataset.id)")
    return found


def tile(page: Any, image_id: str) -> Any:
    return page.locator("a.tile").nth(ids(page).index(image_id))


def settled(page: Any) -> None:
    page.locator("#canvas:not(.loading)").wait_for()


def below(one: dict[str, float], other: dict[str, float]) -> bool:
    """Return whether the second element starts where the first ends, or further down."""
    return one["y"] + one["height"] <= other["y"] + 1


def test_every_image_is_a_tile_with_a_picture_that_is_drawn(opened: Open, album: Made) -> None:
    page = opened(album.page)
    assert ids(page) == album.ids
    assert page.locator("#count").inner_text() == f"{len(album.ids)} images"
    pictures = page.locator(".frame img")
    for index in range(pictures.count()):
        pictures.nth(index).scroll_into_view_if_needed()
    page.locator(".frame img:not(.there)").first.wait_for(state="detached")
    assert pictures.evaluate_all("all => all.every(one => one.naturalWidth > 0)")


def test_only_the_page_and_files_next_to_it_are_loaded(opened: Open, album: Made) -> None:
    page = opened(album.page)
    tile(page, album.ids[0]).click()
    settled(page)
    beside = album.page.parent.as_uri() + "/"
    assert len(page.requested) > 3
    assert all(address.startswith((beside, "data:")) for address in page.requested)


@pytest.mark.parametrize("image_id", HOSTILE)
def test_a_hostile_id_is_text_and_opens_like_any_other(opened: Open, album: Made, image_id: str) -> None:
    page = opened(album.page)
    tile(page, image_id).click()
    settled(page)
    shown = image_id.replace("\u202e", "\\u{202e}")
    assert page.locator("#viewer-id").inner_text() == shown
    page.reload()
    settled(page)
    assert page.locator("#viewer-id").inner_text() == shown, "the URL contains the id"
    assert page.locator("img[onerror], a[href^='javascript:']").count() == 0


def test_before_and_after_are_compared_by_a_divider(opened: Open, album: Made) -> None:
    page = opened(album.page)
    tile(page, "travel/day 0/photo-0.jpg").click()
    settled(page)
    before, after, split = page.locator("#before"), page.locator("#after"), page.locator("#split")
    assert before.evaluate("one => one.naturalWidth") == after.evaluate("one => one.naturalWidth") == 900
    assert before.get_attribute("src") != after.get_attribute("src")
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert 18 < float(split.input_value()) < 22
    assert "20%" in split.get_attribute("aria-valuetext")
    split.focus()
    page.keyboard.press("End")
    assert split.input_value() == "100"
    clip = before.evaluate("one => getComputedStyle(one).clipPath")
    assert clip in ("inset(0px calc(0%) 0px 0px)", "inset(0px 0% 0px 0px)", "inset(0px)", "inset(0%)"), clip


def test_the_viewer_shows_one_of_the_two_in_full_size(opened: Open, album: Made) -> None:
    page = opened(album.page, width=700, height=500)
    tile(page, "travel/day 0/photo-0.jpg").click()
    settled(page)
    page.get_by_label("Before", exact=True).check(force=True)
    assert page.locator("#after").evaluate("one => getComputedStyle(one).visibility") == "hidden"
    page.keyboard.press("b")
    assert page.locator("#before").evaluate("one => getComputedStyle(one).visibility") == "hidden"
    page.keyboard.press("z")
    assert page.locator("#zoom").get_attribute("aria-pressed") == "true"
    assert page.locator("#canvas").evaluate("one => one.offsetWidth") == 900
    page.get_by_role("button", name="Full size").click()
    assert page.locator("#canvas").evaluate("one => one.offsetWidth") < 700


def test_a_tiff_is_shown_by_a_preview(opened: Open, album: Made) -> None:
    page = opened(album.page)
    tile(page, "scans/page.tif").click()
    settled(page)
    assert page.locator("#after").evaluate("one => [one.naturalWidth, one.naturalHeight]") == [500, 700]
    assert page.locator("#facts").inner_text().split()[:4] == ["Status", "processed", "Format", "TIFF"]


@pytest.mark.parametrize(
    ("query", "found"), [("photo-1.jpg", 1), ("PHOTO day", 16), ("</SCRIPT>", 1), ("nothing like it", 0)]
)
def test_search_finds_words_of_ids(opened: Open, album: Made, query: str, found: int) -> None:
    page = opened(album.page)
    page.keyboard.press("/")
    page.keyboard.type(query)
    assert len(ids(page)) == found
    assert page.locator("#nothing").is_visible() is (found == 0)
    if not found:
        page.get_by_role("button", name="Clear the filters").click()
        assert ids(page) == album.ids


def test_statuses_and_notes_filter_and_the_url_keeps_the_filter(opened: Open, album: Made) -> None:
    page = opened(album.page)
    page.get_by_role("radio", name="Refused 2").check(force=True)
    assert set(ids(page)) == {"broken/letter.heic", "broken/cut.jpg"}
    assert "HEIF in PQ (HDR) is not supported" in page.locator("#grid").text_content()
    page.reload()
    assert set(ids(page)) == {"broken/letter.heic", "broken/cut.jpg"}
    page.get_by_role("radio", name=f"All {len(album.ids)}").check(force=True)
    page.get_by_label("Notes").select_option(NOTE)
    assert set(ids(page)) == {"travel/day 2/photo-2.jpg", "travel/day 5/photo-5.jpg"}
    page.get_by_label("Sort").select_option("id")
    assert ids(page) == ["travel/day 2/photo-2.jpg", "travel/day 5/photo-5.jpg"]


@pytest.mark.parametrize(
    ("image_id", "reason", "can_be_repeated"),
    [
        ("broken/letter.heic", "HEIF in PQ (HDR) is not supported", False),
        ("busy.jpg", "DynamoDB asked to slow down", True),
        ("gone.jpg", "its copy is gone", True),
    ],
)
def test_images_without_a_copy_show_the_reason_and_the_next_step(
    opened: Open, album: Made, image_id: str, reason: str, can_be_repeated: bool
) -> None:
    page = opened(album.page)
    assert reason in tile(page, image_id).text_content()
    tile(page, image_id).click()
    said = page.locator("#reason").inner_text()
    assert reason in said
    assert (f"zenoimg reprocess {image_id}" in said) is can_be_repeated


def test_everything_works_by_keyboard(opened: Open, album: Made) -> None:
    page = opened(album.page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the images"
    tile(page, album.ids[0]).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.id") == album.ids[1]
    page.keyboard.press("ArrowDown")
    box = page.locator("a.tile:focus").bounding_box()
    assert box["y"] > tile(page, album.ids[1]).bounding_box()["y"]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.id") == album.ids[0]
    page.keyboard.press("Enter")
    settled(page)
    assert page.locator("#viewer").evaluate("one => one.open")
    page.keyboard.press("ArrowRight")
    page.locator("#viewer-place", has_text=f"2 of {len(album.ids)}").wait_for()
    assert page.locator("#viewer").evaluate("one => one.contains(document.activeElement)")
    for _ in range(30):
        page.keyboard.press("Tab")
        assert not page.evaluate("document.activeElement.closest('main, form, .head')"), "focus stays in the dialog"
    page.keyboard.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.dataset.id") == album.ids[1], (
        "focus returns to the image that was shown"
    )


def test_back_closes_the_image_and_keeps_the_filter(opened: Open, album: Made) -> None:
    page = opened(album.page, "#status=refused")
    tile(page, "broken/letter.heic").click()
    page.locator("#viewer").wait_for()
    page.go_back()
    page.locator("#viewer").wait_for(state="hidden")
    assert len(ids(page)) == 2


def test_screen_readers_get_names_states_and_counts(opened: Open, album: Made) -> None:
    page = opened(album.page)
    tree = page.locator("body").aria_snapshot()
    for part in ('heading "zeno"', 'search "Filter the images"', 'radio "Refused 2"', "status: 25 images", "list:"):
        assert part in tree, part
    assert 'link "broken/letter.heic' in tree or "Refused HEIF in PQ (HDR) is not supported" in tree
    assert "2 notes" in tree
    tile(page, "travel/day 0/photo-0.jpg").click()
    settled(page)
    dialog = page.locator("#viewer").aria_snapshot()
    for part in ('dialog "travel/day 0/photo-0.jpg"', "slider", 'button "Next image"', "after the watermark"):
        assert part in dialog, part


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_can_be_chosen(opened: Open, album: Made, scheme: str) -> None:
    page = opened(album.page, color_scheme=scheme)
    dark = "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 100"
    assert page.evaluate(dark) is (scheme == "dark")
    page.locator("#theme").click()
    assert page.evaluate(dark) is False
    page.locator("#theme").click()
    assert page.evaluate(dark) is True
    page.reload()
    assert page.evaluate(dark) is True, "the choice is remembered"


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2200])
def test_no_width_needs_horizontal_scrolling(opened: Open, album: Made, width: int) -> None:
    page = opened(album.page, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tile(page, "travel/day 1/photo-1.jpg").click()
    settled(page)
    assert page.locator("#viewer").evaluate("one => one.scrollWidth") <= width
    picture, tools, details = (page.locator(each).bounding_box() for each in ("#canvas", "#tools", ".details"))
    assert below(picture, tools), "the picture covers nothing"
    assert below(tools, details) or details["x"] >= picture["x"] + picture["width"], "nor do the details"


def test_a_thousand_images_are_created_and_loaded_as_they_approach_the_viewport(opened: Open, thousand: Made) -> None:
    page = opened(thousand.page)
    page.locator("li:nth-child(1000)").wait_for(state="attached")
    page.locator(".frame img.there").first.wait_for()
    assert sum("-small." in address for address in page.requested) < 200, "the far ones are not loaded yet"
    page.evaluate("""new Promise(done => {
        window.moved = 0;
        new PerformanceObserver(list => list.getEntries().forEach(entry => { window.moved += entry.value; }))
            .observe({ type: 'layout-shift', buffered: true });
        let last = -1;
        const step = () => {
            window.scrollBy(0, 1500);
            if (window.scrollY === last) done();
            else { last = window.scrollY; requestAnimationFrame(() => requestAnimationFrame(step)); }
        };
        step();
    })""")
    assert ids(page) == thousand.ids
    assert page.evaluate("window.moved") < 0.01, "the layout is stable while pictures load"


def test_search_and_keyboard_reach_all_of_a_thousand_images(opened: Open, thousand: Made) -> None:
    page = opened(thousand.page)
    tile(page, thousand.ids[0]).focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.id") == thousand.ids[-1]
    page.keyboard.press("/")
    page.keyboard.type("photo-0777")
    assert ids(page) == ["set-7/photo-0777.jpg"]
    page = opened(thousand.page, "#image=set-9%2Fphoto-0999.jpg")
    settled(page)
    page.keyboard.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.dataset.id") == "set-9/photo-0999.jpg"


def test_a_page_without_images_shows_the_next_step(opened: Open, tmp_path: Path) -> None:
    page = opened(empty(tmp_path).page)
    assert "zenoimg upload photo.jpg" in page.locator("#nothing").inner_text()
    assert page.locator("#filters").is_hidden()
