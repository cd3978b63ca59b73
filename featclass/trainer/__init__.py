"""Keeps the classifier of every workspace in step with its labelled sets, in the background.

There is no "train" button: the page calls `Trainer.follow` whenever it draws, and shows the
`State` that it returns.
"""

from featclass.trainer.follow import Trainer
from featclass.trainer.state import Before, Phase, Result, State, sets_key

__all__ = ["Before", "Phase", "Result", "State", "Trainer", "sets_key"]
