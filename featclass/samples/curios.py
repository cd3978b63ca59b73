"""Pictures that belong to neither family: to see what a classifier says of something else."""

from __future__ import annotations

from featclass.samples.drawing import WHITE, Canvas, blob, box, curve, ellipse, mix, polygon


def house(canvas: Canvas) -> None:
    """Draw a cottage that stands on the origin."""
    wall, roof = (250, 234, 206), (206, 100, 86)

    def tiles(inside: Canvas) -> None:
        for y in (-228, -206, -184, -162):
            inside.line([(-170, y), (170, y)], mix(roof, WHITE, 0.25), 3)

    canvas.solid(box(64, -262, 98, -190, 3), (190, 130, 112), shade=7)
    canvas.solid(box(-112, -160, 112, 0, 3), wall, shade=12)
    canvas.solid(polygon([(-142, -146), (-86, -252), (86, -252), (142, -146)], 7), roof,
                 shade=9, pattern=tiles)  # fmt: skip
    canvas.solid(polygon([(-24, 0), (-24, -74), (0, -92), (24, -74), (24, 0)], 8), (74, 138, 146))
    canvas.solid(ellipse(15, -36, 4), (250, 214, 110), shade=0, weight=0.7)
    for x in (-70, 70):
        canvas.solid(box(x - 24, -112, x + 24, -62, 4), (188, 226, 238), shade=0)
        canvas.ink([(x, -112), (x, -62)], 0.8)
        canvas.ink([(x - 24, -87), (x + 24, -87)], 0.8)
        canvas.solid(box(x - 30, -60, x + 30, -46, 4), (170, 116, 88), shade=3)
        for step in (-20, -7, 7, 20):
            canvas.solid(ellipse(x + step, -63, 7), (238, 132, 150), shade=0, weight=0.7)
    for x, y, radius in ((84, -284, 11), (98, -308, 15), (122, -332, 19)):
        canvas.fill(ellipse(x, y, radius), WHITE, 200)


def teapot(canvas: Canvas) -> None:
    """Draw a teapot that stands on the origin."""
    glaze = (92, 156, 172)

    def dots(inside: Canvas) -> None:
        for row, y in enumerate((-120, -88, -56)):
            for x in range(-120, 130, 44):
                inside.fill(ellipse(x + row % 2 * 22, y, 9), mix(glaze, WHITE, 0.55))

    canvas.tube(curve([(88, -128), (150, -142), (158, -84), (92, -52)]), glaze, 18)
    spout = blob([(-70, -92), (-116, -104), (-146, -164), (-168, -158), (-142, -84), (-84, -38)])
    canvas.solid(spout, glaze, shade=8)
    belly = blob([(0, -172), (76, -152), (112, -92), (86, -28), (0, -12), (-86, -28), (-112, -92),
                  (-76, -152)])  # fmt: skip
    canvas.solid(box(-62, -22, 62, 0, 8), mix(glaze, (40, 60, 110), 0.3), shade=4)
    canvas.solid(belly, glaze, shade=14, pattern=dots)
    canvas.solid(ellipse(0, -164, 62, 17), mix(glaze, WHITE, 0.2), shade=5)
    canvas.solid(ellipse(0, -190, 15), (240, 182, 72), shade=4)
    canvas.fill(ellipse(canvas.lit_side * 62, -118, 9, 24, -canvas.lit_side * 24), WHITE, 150)
    for x in (-172, -154):
        canvas.line(curve([(x, -184), (x + 9, -204), (x - 7, -224), (x + 5, -246)]), WHITE, 6)
