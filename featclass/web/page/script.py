"""The script that Streamlit runs for every visit and every change.

A file of its own: Streamlit compiles and runs it as no module anew each time, while all that it
imports is loaded once.
"""

from featclass.web.page import frame

frame.draw()
