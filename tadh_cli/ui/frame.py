"""A picture of a canvas with something on it, in characters and as SVG."""

from __future__ import annotations

from tadh_cli.media.placement import Box, Size

# Characters are about twice as high as wide.
_ASPECT = 2.0
_MOST_COLUMNS, _MOST_ROWS = 48, 18
# So much of what sticks out of the canvas is drawn, in parts of the canvas.
_MARGIN = 0.15


def sketch(canvas: Size, box: Box) -> str:
    """The canvas as a frame, the box in it filled; what nobody sees of the box is dotted."""
    scale = min(_MOST_COLUMNS / canvas.width, _MOST_ROWS * _ASPECT / canvas.height)
    columns, rows = max(4, round(canvas.width * scale)), max(2, round(canvas.height * scale / _ASPECT))
    left, right = _span(box.left, box.width, canvas.width, columns)
    top, bottom = _span(box.top, box.height, canvas.height, rows)
    first_column, last_column = min(0, max(left, -_more(columns))), max(columns, min(right, columns + _more(columns)))
    first_row, last_row = min(0, max(top, -_more(rows))), max(rows, min(bottom, rows + _more(rows)))

    def cell(row: int, column: int) -> str:
        is_inside = left <= column < right and top <= row < bottom
        if 0 <= row < rows and 0 <= column < columns:
            return "▒" if is_inside else " "
        return _edge(row, column, rows, columns) or ("·" if is_inside else " ")

    # One more on each side for the frame itself.
    lines = (
        "".join(cell(row, column) for column in range(first_column - 1, last_column + 1))
        for row in range(first_row - 1, last_row + 1)
    )
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _more(count: int) -> int:
    return max(1, round(count * _MARGIN))


def _span(start: float, length: float, whole: float, count: int) -> tuple[int, int]:
    """First and last cell of a part, never none at all."""
    first = round(start / whole * count)
    return first, max(first + 1, round((start + length) / whole * count))


def _edge(row: int, column: int, rows: int, columns: int) -> str:
    """The frame around the canvas, empty elsewhere."""
    is_side = column in (-1, columns) and -1 <= row <= rows
    is_end = row in (-1, rows) and -1 <= column <= columns
    if is_side and is_end:
        return {(-1, -1): "┌", (-1, columns): "┐", (rows, -1): "└", (rows, columns): "┘"}[(row, column)]
    return "│" if is_side else "─" if is_end else ""


def svg(canvas: Size, box: Box, *, label: str, picture: str = "") -> str:
    """The same as a document; `picture` is a URL for what stands in the box, shown where it can be loaded."""
    from html import escape

    margin = round(max(canvas) * _MARGIN)
    width, height = canvas.width + 2 * margin, canvas.height + 2 * margin
    thin = max(1.0, max(canvas) / 500)
    place = f'x="{box.left:.2f}" y="{box.top:.2f}" width="{box.width:.2f}" height="{box.height:.2f}"'
    is_link = picture.lower().startswith(("http://", "https://"))
    image = f'  <image href="{escape(picture)}" {place} preserveAspectRatio="none"/>\n' if is_link else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-margin} {-margin} {width:g} {height:g}" '
        f'font-family="sans-serif" font-size="{max(canvas) / 50:.0f}">\n'
        f"  <title>{escape(label)}</title>\n"
        f'  <rect width="{canvas.width:g}" height="{canvas.height:g}" fill="#eef" stroke="#446" '
        f'stroke-width="{thin:g}"/>\n'
        f"{image}"
        f'  <rect {place} fill="#48f" fill-opacity="{0.15 if image else 0.4}" stroke="#06c" stroke-width="{thin:g}" '
        f'stroke-dasharray="{4 * thin:g}"/>\n'
        f'  <text x="0" y="{-margin / 3:.0f}" fill="#446">{escape(label)}</text>\n'
        "</svg>\n"
    )
