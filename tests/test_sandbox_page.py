"""Somebody who has never seen the project opens the sandbox's page."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

import sandboxed
from config import Config, with_encryption_key
from conversation.content import Content
from desk import board
from desk.picture import WIDTH

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or "chromium"
# Where the README's picture is kept; it is written anew only when asked for.
PICTURE = Path(__file__).parent.parent / "docs" / "sandbox.png"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture
async def address(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    monkeypatch.chdir(tmp_path)
    config, _ = with_encryption_key(Config(_env_file=None, listen="127.0.0.1:0"), tmp_path / "env")
    async with sandboxed.sandbox(config, content) as at:
        yield at


async def open_page(address: str, width: int, height: int) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(address)
        yield page
        await browser.close()


@pytest.fixture
async def desktop(address: str) -> AsyncIterator[Page]:
    async for page in open_page(address, 1360, 900):
        yield page


@pytest.fixture
async def phone(address: str) -> AsyncIterator[Page]:
    async for page in open_page(address, 390, 800):
        yield page


async def says(page: Page, text: str) -> None:
    await page.get_by_label("Write as a trainee").fill(text)
    await page.get_by_label("Write as a trainee").press("Enter")


async def test_a_question_is_answered_and_an_alarm_reaches_the_volunteers_who_reply(
    desktop: Page,
) -> None:
    on_phone, in_group = desktop.locator("#phone-messages"), desktop.locator("#staff-messages")
    judged = desktop.locator("#verdict")
    await says(desktop, "cong ty ko tra tien zangyo 3 thang roi")
    await expect(on_phone).to_contain_text("Gọi cho ai")
    await expect(on_phone).to_contain_text("Kiểm tra ngày")
    await expect(judged).to_contain_text("vi")
    await says(desktop, "hôm qua ông chủ đánh em chảy máu")
    await expect(on_phone).to_contain_text("🆘")
    await expect(on_phone).to_contain_text("110")
    await expect(in_group).to_contain_text("ALARM")
    await expect(judged).to_contain_text("escalate")
    await in_group.get_by_role("button", name="Claim").click()
    await expect(in_group).to_contain_text("Hana has it.")
    alert = in_group.locator(".alert").last
    await alert.get_by_label("Reply to this message").click()
    await desktop.get_by_label("Write as a volunteer").fill("Bạn có đang ở chỗ an toàn không?")
    await desktop.get_by_label("Write as a volunteer").press("Enter")
    await expect(on_phone).to_contain_text("Bạn có đang ở chỗ an toàn không?")
    if os.environ.get("KAKEKOMI_WRITE_PICTURE"):
        await desktop.screenshot(path=PICTURE)


@pytest.fixture
def quick_board(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board is true at once, not half a minute later."""
    monkeypatch.setattr(board, "LOOK_EVERY_S", 0.3)


async def test_a_volunteer_takes_the_next_case_from_the_board_and_everything_is_in_sight(
    quick_board: None, desktop: Page
) -> None:
    on_phone, in_group = desktop.locator("#phone-messages"), desktop.locator("#staff-messages")
    pinned, topics = desktop.locator("#pinned"), desktop.locator("#topics")
    write = desktop.get_by_label("Write as a volunteer")
    await says(desktop, "hôm qua ông chủ đánh em chảy máu")
    await expect(pinned).to_contain_text("Waiting: 1")
    await pinned.click()
    await expect(in_group).to_contain_text("Beaten or threatened with violence")
    await picture_of(desktop, "board")
    await in_group.get_by_role("button", name="Next").click()
    await expect(in_group).to_contain_text("is yours. It waited for")
    await topics.get_by_role("button", name="violence").click()
    await in_group.get_by_role("button", name="Checklist").last.click()
    await in_group.locator(".alert").last.get_by_label("Reply to this message").click()
    await write.fill("Bạn có đang ở chỗ an toàn không?")
    await write.press("Enter")
    await expect(on_phone).to_contain_text("Bạn có đang ở chỗ an toàn không?")
    await expect(in_group.locator(".mine .reaction").last).to_have_text("👌")
    await picture_of(desktop, "case")
    await desktop.locator("#staff-commands").get_by_role("button", name="/say").click()
    await expect(write).to_have_value("/say ")
    await write.fill("/say safe")
    await write.press("Enter")
    await expect(in_group.get_by_role("button", name="Is it safe to write?")).to_be_visible()
    await picture_of(desktop, "cards")
    await topics.get_by_role("button", name="All").click()
    await write.fill("/stats")
    await write.press("Enter")
    await expect(in_group.locator("img")).to_be_visible()
    await in_group.locator("figcaption").scroll_into_view_if_needed()
    await picture_of(desktop, "statistics")


async def picture_of(page: Page, what: str) -> None:
    """Keep a picture of the volunteers' side for docs/, where that is asked for."""
    if os.environ.get("KAKEKOMI_WRITE_PICTURE"):
        await expect(page.locator("#popup")).to_be_hidden()
        await page.locator(".pane.staff").screenshot(path=PICTURE.with_name(f"desk-{what}.png"))


async def test_a_volunteer_types_the_command_for_cards_and_presses_one(desktop: Page) -> None:
    on_phone, in_group = desktop.locator("#phone-messages"), desktop.locator("#staff-messages")
    await says(desktop, "hôm qua ông chủ đánh em chảy máu")
    await in_group.locator(".alert").last.get_by_label("Reply to this message").click()
    await desktop.get_by_label("Write as a volunteer").fill("/say safe")
    await desktop.get_by_label("Write as a volunteer").press("Enter")
    await in_group.get_by_role("button", name="Is it safe to write?").click()
    await expect(on_phone).to_contain_text("Bây giờ bạn nhắn tin có an toàn không?")
    await expect(in_group).to_contain_text("Hana sent the card “Is it safe to write?”")
    await in_group.get_by_role("button", name="Checklist").last.click()
    await expect(in_group).to_contain_text("The first quarter of an hour")


async def test_a_volunteer_sees_the_figures_of_the_week_as_a_picture(desktop: Page) -> None:
    in_group = desktop.locator("#staff-messages")
    await says(desktop, "hôm qua ông chủ đánh em chảy máu")
    await expect(in_group).to_contain_text("ALARM")
    await desktop.get_by_label("Write as a volunteer").fill("/stats")
    await desktop.get_by_label("Write as a volunteer").press("Enter")
    picture = in_group.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.naturalWidth") == WIDTH


async def test_the_law_unfolds_by_keyboard(desktop: Page) -> None:
    await says(desktop, "cong ty ko tra tien zangyo 3 thang roi")
    folded = desktop.locator("blockquote.folded").last
    await expect(folded).to_be_visible()
    await folded.focus()
    await desktop.keyboard.press("Enter")
    await expect(desktop.locator("blockquote.folded")).to_have_count(0)


async def test_a_message_can_be_edited_and_a_photo_sent(desktop: Page) -> None:
    await says(desktop, "xin chào")
    mine = desktop.locator("#phone-messages .mine").last
    await mine.get_by_label("Edit this message").click()
    await says(desktop, "ông chủ đánh em chảy máu, cứu em với")
    await expect(desktop.locator("#staff-messages")).to_contain_text("ALARM")
    await desktop.get_by_label("Send something that is not text").select_option("photo")
    await expect(desktop.locator("#staff-messages")).to_contain_text("🖼 photo")


async def test_what_somebody_writes_never_becomes_markup(desktop: Page) -> None:
    await says(desktop, "<b>đậm</b> <img src=x onerror=alert(1)> & {police}")
    await expect(desktop.locator("#phone-messages .mine")).to_contain_text("<img src=x")
    assert await desktop.locator(".messages img").count() == 0


async def test_on_a_phone_sized_screen_the_panes_are_tabs(phone: Page) -> None:
    await says(phone, "hôm qua ông chủ đánh em chảy máu")
    await expect(phone.locator("#phone-messages")).to_contain_text("🆘")
    await expect(phone.locator("#staff-messages")).to_be_hidden()
    await phone.get_by_role("button", name="Volunteers").click()
    await expect(phone.locator("#staff-messages")).to_contain_text("ALARM")
    await phone.get_by_role("button", name="Judged").click()
    await expect(phone.locator("#verdict")).to_contain_text("escalate")
    widths = "[document.documentElement.scrollWidth, window.innerWidth]"
    content_width, screen_width = await phone.evaluate(widths)
    assert content_width <= screen_width


async def test_the_language_of_the_account_decides_how_the_bot_begins(desktop: Page) -> None:
    await desktop.locator("#account").select_option("en")
    await desktop.get_by_role("button", name="/start").click()
    await expect(desktop.locator("#phone-messages")).to_contain_text("Choose your language:")
