"""Classes: which of the folders they are, or what a table beside them says.

labelling  the class of each of many paths
folders    which folders are the classes
ambiguity  folders that can be read in two ways: their owner is asked
"""
