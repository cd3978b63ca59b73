"""The routes beside the page, and what stands in front of everything.

table       which routes there are, and what an error becomes
guard       what a request must pass; `answers`: what is added to each answer
frontend    the page itself and its scripts; `compression`: how text is sent
requests    what a request brings; `connections`: start and stop of the server
plans, uploads, drops   where dropped files belong, and taking them in
acts, pictures, predictions, labelled, findings, questions, classifiers, batches, live   the rest
"""

from featclass.web.routes.connections import lifespan
from featclass.web.routes.guard import MIDDLEWARE
from featclass.web.routes.table import ROUTES
