"""Small drawn pictures for the demo: no photograph of a real place is needed."""

import io

from django.core.files.images import ImageFile
from PIL import Image, ImageDraw

from disclosure_pages.models import DisclosureImage

SIZE = (1200, 800)
SKY, GROUND, WALL, ROOF = "#dfeaf0", "#c9cfc0", "#f4efe4", "#7d5348"
WOOD, GLASS, SIGN, STEEL, PAPER = "#8a6a4a", "#a8c7d6", "#9c2f1b", "#5b6670", "#ffffff"


def drawn_picture(scene: str, title: str, description: str) -> DisclosureImage:
    """Store one of the two scenes: ``hall`` from outside, or ``desk`` inside."""
    image = Image.new("RGB", SIZE, SKY)
    (_hall if scene == "hall" else _desk)(ImageDraw.Draw(image))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    file = ImageFile(data, name=f"{scene}.jpg")
    return DisclosureImage.objects.create(
        title=title, description=description, file=file
    )


def _hall(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 620, 1200, 800), fill=GROUND)
    draw.rectangle((180, 300, 1020, 660), fill=WALL)
    draw.polygon(((120, 300), (600, 130), (1080, 300)), fill=ROOF)
    draw.rectangle((520, 420, 680, 660), fill=WOOD)
    for left in (260, 780):
        draw.rectangle((left, 400, left + 160, 540), fill=GLASS, outline=WOOD, width=8)
    draw.rectangle((440, 330, 760, 390), fill=SIGN)
    for left in range(470, 740, 45):
        draw.rectangle((left, 350, left + 25, 370), fill=PAPER)


def _desk(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 0, 1200, 560), fill=WALL)
    draw.rectangle((0, 560, 1200, 800), fill=GROUND)
    draw.rectangle((140, 480, 800, 520), fill=WOOD)
    for left in (170, 740):
        draw.rectangle((left, 520, left + 30, 720), fill=WOOD)
    draw.rectangle((260, 280, 520, 440), fill=STEEL)
    draw.rectangle((276, 296, 504, 424), fill=GLASS)
    draw.rectangle((370, 440, 410, 480), fill=STEEL)
    draw.rectangle((590, 390, 760, 480), fill=STEEL)
    draw.rectangle((620, 340, 730, 390), fill=PAPER, outline=STEEL, width=4)
    draw.rectangle((900, 180, 1100, 680), outline=WOOD, width=14)
    for top in range(300, 680, 120):
        draw.line((900, top, 1100, top), fill=WOOD, width=10)
        for left in range(925, 1080, 40):
            draw.rectangle((left, top - 80, left + 26, top - 6), fill=SIGN)
