"""What people read: reports and tables, made only where one is asked for.

documents        the report to take to a meeting, as one HTML file or as Markdown
figures          the confusion matrix to look at; the colours of classes
prediction_csv   predictions as a table; `sorting`: as folders
"""
