"""What all rooms share: the words of the domain as values, errors, names, settings, sentences.

records, scores   images, predictions, reports; what a score rests on
errors            everything featclass raises on purpose
sentences         what values say in words
names             hostile names made fit to show, to store and to write
config            settings, all from the environment
disk, pace, turns the room on the disk, how far work is, threads that serve by turns
"""
