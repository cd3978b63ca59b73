"""Folders: what lies below one, as a tree, and which are the parts of a split.

walk    the files of a folder and its subfolders
tree    folders below each other, with how many pictures each holds
splits  train, val and test, by the names of folders
"""
