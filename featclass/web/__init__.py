"""The browser's door.

page     what Streamlit draws; the only importer of Streamlit
routes   what the browser asks for beside it, and the guard in front of everything
views    what both tell the browser, so that they say the same
assets   scripts, styles and fonts
"""

from pathlib import Path

ASSETS = Path(__file__).with_name("assets")
