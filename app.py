"""Entry of `streamlit run app.py`: the page and the routes in one ASGI app, nothing else."""

from importlib.resources import files

import streamlit as st

from featclass.web.routes import MIDDLEWARE, ROUTES, lifespan

app = st.App(
    str(files("featclass") / "web" / "page" / "script.py"),
    routes=ROUTES,
    middleware=MIDDLEWARE,
    lifespan=lifespan,
)
