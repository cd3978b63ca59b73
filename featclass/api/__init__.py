"""The routes beside the page: uploads, thumbnails, and the guard in front of everything."""

from featclass.api.guard import MIDDLEWARE
from featclass.api.lifespan import lifespan
from featclass.api.routes import ROUTES

__all__ = ["MIDDLEWARE", "ROUTES", "lifespan"]
