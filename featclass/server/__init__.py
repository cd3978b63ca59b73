"""What one server process holds, and does in the background.

studio      the container of all parts, shared by the page and the routes
jobs        what these have in common: threads shared fairly, progress, cancelling, how it ended
trainer     keeps the classifier of every workspace in step with its sets
readiness   whether a workspace can predict; `questions`: what to label first
batches     predictions for a whole zip or folder
downloads   weights of encoders on their way
maps        maps of workspaces; `thumbnails`: small pictures
"""
