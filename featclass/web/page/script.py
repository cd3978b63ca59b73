"""The script that Streamlit runs for every visit and every change."""

from featclass.web.page import frame

frame.draw()
