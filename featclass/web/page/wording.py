"""What the page says, decided without Streamlit."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from featclass.base import Rejected, Report, file_stem, in_words, percent, sentences, span, whole
from featclass.base.sentences import counted
from featclass.server.downloads import Download, DownloadPhase
from featclass.server.readiness import in_two_sets
from featclass.server.state import Before, LearningPhase, State
from featclass.web.page.data import ScoreNow
from featclass.workspaces import LabelledSet

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
MOST_NOTES = 50
MANY_WAITING = 20
LONGEST_IN_TABLE = 30
BETWEEN = "Between"
"""Head of the column of bounds of a recall."""
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&=\"'])")


def escaped(text: str) -> str:
    """Return user text that Markdown shows as it is; a number stays with its percent sign."""
    return MARKDOWN.sub(r"\\\1", text).replace("\n", " ").replace(" %", "\u00a0%")


def headline(report: Report) -> str:
    """Return the score in four words, counts rather than percentages, or that there is none."""
    return sentences.headline(report) or "No score yet"


def taken_over(before: Report, now: str) -> str:
    """Return what to say once another encoder serves, named by its title `now`."""
    return f"{now} has taken over; with the encoder before it, {headline(before)}."


def before_change(before: Before, now: Report) -> str:
    """Return what the score was before a few pictures were changed.

    Where pictures came or went, also what came of the others: only these compare like with like.
    Where errors were moved to where they were guessed, that a higher score is no news.
    """
    if before.raises_itself:
        return _raised_by_itself(before)
    sentence = f"Was {headline(before.report)} before the last change."
    if not before.same or before.report.images == now.images:
        return sentence
    after = before.same_right_now
    if before.same == before.report.images:
        return f"{sentence} Of these {before.same:,}, now {after:,}."
    return f"{sentence} Of the {before.same:,} in both, {before.same_right:,} were, now {after:,}."


def _raised_by_itself(before: Before) -> str:
    acts = []
    if before.moved_as_guessed:
        acts.append("moving pictures to where they were guessed")
    if before.left_out_wrong:
        acts.append("leaving out pictures that were taken wrong")
    act, verb = " and ".join(acts), "raise" if len(acts) > 1 else "raises"
    return (
        f"{act[0].upper()}{act[1:]} {verb} this score by itself:"
        " only new pictures can tell whether it got better."
    )


def score_now(state: State) -> ScoreNow:
    """Return the score in four words, which one it is, and whether it is of the sets as they are.

    Where there is none, it is empty.
    """
    report = state.classifier.report if state.classifier else None
    return {
        "said": headline(report) if report and report.confusion_matrix is not None else "",
        "key": state.result.key[:16] if state.result else "",
        "current": state.is_current and not state.error,
    }


def doubtful(below: float) -> str:
    """Return what it means that a prediction is doubtful."""
    wrong = {4: "four", 5: "five", 10: "ten"}.get(round(1 / (1 - below)), "a few")
    return (
        f"Less than {percent(below)} sure of its class: of such predictions more than one in"
        f" {wrong} is wrong."
    )


def advice(sets: Sequence[LabelledSet]) -> str:
    """Return what to do next while the sets do not make a classifier, in Markdown."""
    filled = [labelled for labelled in sets if labelled.counted]
    if not filled:
        return "The score appears here as soon as two sets have pictures."
    if len(filled) == 1:
        other = next((labelled for labelled in sets if not labelled.counted), None)
        where = f"**{escaped(other.name)}**" if other else "a second set"
        return f"One set is filled. Add pictures to {where}, and the score appears here."
    if shared := in_two_sets(sets):
        return escaped(shared)
    return "The pictures that count are all in one set; below is why the others do not."


def progress(state: State) -> str:
    """Return what is being done, in words, while the classifier follows the sets."""
    if state.phase is LearningPhase.WAITING:
        return "Waiting for its turn"
    if state.phase is LearningPhase.LOADING:
        return "Warming up the encoder, a few seconds the first time"
    if state.phase is LearningPhase.EMBEDDING:
        pictures = "picture" if state.pace.total == 1 else "pictures"
        return f"Looking at the {pictures}: {in_words(state.pace)}"
    return "Working out the score"


def trying(state: State) -> str:
    """Return how far the predictions are while many pictures wait for theirs; else nothing."""
    pace = state.tried_pace
    if not state.is_predicting or pace.total - pace.done < MANY_WAITING:
        return ""
    return in_words(pace)


def download(state: Download, title: str, *, meanwhile: bool) -> str:
    """Return where a download stands; with `meanwhile`, the built-in encoder serves until then."""
    serving = " The built-in encoder serves meanwhile." if meanwhile else ""
    if state.phase is DownloadPhase.FAILED and state.is_cut_off:
        return f"No connection to the internet, so {title} could not be fetched.{serving}"
    if state.phase is DownloadPhase.FAILED:
        return f"{state.message}{serving}"
    if state.phase is DownloadPhase.CANCELLED:
        return f"The download of {title} was cancelled.{serving}"
    if not state.total:
        return f"Asking for {title}.{serving}"
    done, total = megabytes(state.done), megabytes(state.total)
    return f"Fetching {title}, which sees more: {done} of {total} MB.{serving}"


def megabytes(size: int) -> str:
    """Return a size in megabytes, without the unit."""
    return f"{size / 1e6:,.0f}"


def keeper(host: str) -> str:
    """Return where the pictures stay, by the Host header of the visit."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if not name or name in LOCAL_HOSTS:
        return "Your pictures stay on this machine."
    return f"Your pictures stay on this server, {name}."


def shell_command(encoder: str, name: str) -> str:
    """Return the command that repeats from a shell what the page did."""
    return (
        f"featclass train {file_stem(name)}.zip --encoder {shlex.quote(encoder)}"
        f" --output {file_name(name)}"
    )


def file_name(name: str) -> str:
    """Return the file name under which a classifier is downloaded."""
    return f"{file_stem(name)}.featclass"


def not_counted(rejected: Sequence[Rejected]) -> str:
    """Return the headline over the pictures that are left out of the score."""
    return counted(len(rejected), "picture does not count", "pictures do not count")


def notes(rejected: Sequence[Rejected]) -> list[str]:
    """Return why each of them does not count, a line each, the first few of many."""
    lines = [f"{item.name}: {item.reason}" for item in rejected[:MOST_NOTES]]
    if len(rejected) > MOST_NOTES:
        lines.append(f"and {len(rejected) - MOST_NOTES:,} more")
    return lines


def without_middle(name: str) -> str:
    """Return a name with its middle left out where it is long: many differ at their end."""
    if len(name) <= LONGEST_IN_TABLE:
        return name
    return f"{name[: LONGEST_IN_TABLE // 2]}…{name[-LONGEST_IN_TABLE // 3 :]}"


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else span(*interval)


def class_rows(report: Report) -> list[dict[str, object]]:
    """Return the table of figures for each class, shares in whole percent as `sentences.whole`.

    Between which bounds the recall lies stands beside it where any class has enough pictures.
    """
    bounds = {name: figures.recall_interval for name, figures in report.per_class.items()}

    def shown(share: float | None) -> int | None:
        return None if share is None else whole(share)

    return [
        {
            "Set": without_middle(name),
            "Pictures": figures.support,
            "Recall": shown(figures.recall),
            **({BETWEEN: _between(bounds[name])} if any(bounds.values()) else {}),
            "Precision": shown(figures.precision),
            "F1": shown(figures.f1),
        }
        for name, figures in report.per_class.items()
    ]
