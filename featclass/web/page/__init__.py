"""The page as Streamlit draws it; what the browser does there reaches the routes by itself.

frame       the page as a whole; `menus`, `undo`: what is above the columns
sets, score, tryout   the three columns; `encoder`: the choice of encoder, and its download
batches     whole zips and folders, below what was tried
components  what the browser draws, from `data`
wording, trust   what is said, decided without Streamlit
session     which workspace a visit is at
"""
