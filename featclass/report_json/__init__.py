"""The report as a JSON object: what the command prints and a saved classifier carries.

document     the whole report
scores       method, verdict and learning curve: their values, and the sentence that these make
untrusted    reading what somebody else may have written
"""

from featclass.report_json.document import from_json, to_json

__all__ = ["from_json", "to_json"]
