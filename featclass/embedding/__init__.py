"""Images in, embeddings out.

engine      what the cache has, and for the rest the scheduler
scheduler   workers that decode and encode
cache       embeddings by image digest and encoder fingerprint
engines     each encoder loaded once in a process
"""
