"""The map of why a picture is taken for a class, over the picture in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from featclass import samples
from tests.browser import box_of, choose, file
from tests.fakes import drawn
from tests.served import Server


def painted(page: Page) -> dict[str, int]:
    """Count the pixels of the map by hue."""
    return dict(
        page.locator("canvas.heat").evaluate(
            """canvas => {
                const pen = canvas.getContext('2d');
                const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
                const count = { amber: 0, indigo: 0, dimmed: 0 };
                for (let i = 0; i < data.length; i += 4) {
                    const [r, g, b, a] = data.slice(i, i + 4);
                    if (a > 60 && r > 200 && b < 60) count.amber++;
                    if (a > 60 && b > 200 && r < 130) count.indigo++;
                    if (a > 60 && r < 40 && b < 60) count.dimmed++;
                }
                return count;
            }"""
        )
    )


def test_the_map_appears_over_the_picture_on_a_click_and_goes_on_another(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    new = next(iter(samples.draw_family(samples.FAMILIES[1], 1, seed=77)))
    choose(page, "Choose pictures", file("newcomer.jpg", new.data))
    prediction = page.get_by_role("article", name="Prediction for newcomer.jpg")
    button = prediction.get_by_role("button", name="Why? Quillingtons: newcomer.jpg")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.locator("canvas.heat")).to_have_count(0)
    button.focus()
    page.keyboard.press("Enter")
    shown = prediction.get_by_role("img", name="What spoke for Quillingtons")
    expect(shown).to_be_visible()
    expect(prediction.get_by_text("Quillingtons.")).to_be_visible()
    expect(prediction.get_by_text("not looked at")).to_be_visible()
    picture = box_of(prediction.get_by_role("img", name="newcomer.jpg", exact=True))
    assert box_of(shown) == picture
    mine = painted(page)
    assert mine["amber"] > 300
    assert mine["dimmed"] > 300
    other = prediction.get_by_role("button", name="What speaks for Puddlewicks")
    other.click()
    expect(other).to_have_attribute("aria-pressed", "true")
    expect(prediction.get_by_role("img", name="What spoke for Puddlewicks")).to_be_visible()
    assert painted(page)["indigo"] > 300
    choose(page, "Choose pictures", file("second.png", drawn(5)))
    expect(page.get_by_role("article", name="Prediction for second.png")).to_contain_text("like")
    page.get_by_role("button", name="newcomer.jpg: Quillingtons").click()  # in the gallery
    expect(prediction.get_by_role("img", name="What spoke for Puddlewicks")).to_be_visible()
    prediction.get_by_role("button", name="Hide why").click()
    expect(page.locator("canvas.heat")).to_have_count(0)
    expect(prediction.get_by_text("not looked at")).to_have_count(0)
