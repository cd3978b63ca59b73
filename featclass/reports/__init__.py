"""What people read: reports and tables, made only where one is asked for.

contents         all that the report to take to a meeting says; `html` and `markdown` write it
colours          of the classes
prediction_csv   predictions as a table; `sorting`: as folders
"""
