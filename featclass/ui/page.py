"""The script that Streamlit runs for every visit and every change."""

from featclass.ui import frame

frame.draw()
