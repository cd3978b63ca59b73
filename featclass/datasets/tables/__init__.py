"""Tables of labels, a CSV beside the pictures: which row is of which picture, and what it says.

rows        .csv and .tsv as rows of text
columns     which columns hold the classes, the part of a split
pictures    which picture a cell means
statements  what one table says, before it is believed
labels      what all tables say together
"""
