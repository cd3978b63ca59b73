"""The routes beside the page: uploads, thumbnails, and the guard in front of everything."""

from featclass.web.routes.connections import lifespan
from featclass.web.routes.guard import MIDDLEWARE
from featclass.web.routes.table import ROUTES

__all__ = ["MIDDLEWARE", "ROUTES", "lifespan"]
