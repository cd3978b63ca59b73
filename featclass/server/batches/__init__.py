"""Predictions for a whole zip or folder at once, kept on disk while and after they are made.

A batch is what a person asked for in one go. It has a folder of its own, below one for its
workspace: `batch.json` (what was asked, where it stands), `classifier.featclass` (what predicts,
so that it goes on with the same one), `pictures.zip` (as it came; none where a folder of this
machine was named) and `predictions.jsonl` (a line a picture, written a slice at a time).

record       what is known of a batch, and counted: plain values
pictures     the pictures of a batch: entries of its zip, or files inside the folders allowed
folder       what is on disk of one batch
jobs         the work on them, in the background
store        all of it as one object, `Batches`
"""

from featclass.server.batches.record import Batch, BatchPhase, BatchRequest, Counts, Record
from featclass.server.batches.store import Batches
