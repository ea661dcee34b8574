"""The unlock: from a card that was read to one that works again, as a table.

`TABLE` has a rule for each page and event that means something together, `PRESSED` one for each
page and button. Rules are pure; whatever they want done they return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import code
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import state as st
from kiosk.flow.view import Intent
from kiosk.values import Secret

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def help_with(state: st.State, trouble: st.Trouble, wait_seconds: int = 0) -> Outcome:
    """Plain help instead of the journey: what the person gave is wiped, the reference stays."""
    # A new visit number: whatever the abandoned steps still answer is not for this page.
    page = st.Helping(trouble, wait_seconds)
    helping = replace(state, page=page, visit=state.visit + 1, countdown=None)
    return helping, (do.Forget(),)


# ---------------------------------------------------------------- the card was read


def _card_read(state: st.State, event: ev.CardRead) -> Outcome:
    state = replace(state, rules=event.rules)
    if event.counters.unblocking == 0:
        return help_with(state, st.Trouble.CARD_SPENT)
    if event.counters.locked:
        return _open(state, forgotten=False)
    return replace(state, page=st.CardWorks()), ()


def _open(state: st.State, *, forgotten: bool) -> Outcome:
    opening = replace(state, page=st.OpeningUnlock())
    return opening, (do.OpenUnlock(state.visit, state.reference, forgotten),)


def _forgotten(state: st.State, _: ev.Pressed) -> Outcome:
    return _open(state, forgotten=True)


_CARD_TROUBLES = {
    ev.CardTrouble.UNKNOWN: st.Trouble.CARD_NOT_KNOWN,
    ev.CardTrouble.READER: st.Trouble.READER,
    ev.CardTrouble.REMOVED: st.Trouble.CARD_PULLED,
    ev.CardTrouble.MUTE: st.Trouble.CARD_MUTE,
    ev.CardTrouble.WRONG_CARD: st.Trouble.CARD_SWAPPED,
    ev.CardTrouble.FAILED: st.Trouble.CARD_UNREADABLE,
    ev.CardTrouble.UNBLOCKING_SPENT: st.Trouble.CARD_SPENT,
}


def _card_failed(state: st.State, event: ev.CardFailed) -> Outcome:
    return help_with(state, _CARD_TROUBLES[event.trouble])


def _card_failed_at_work(state: st.State, event: ev.CardFailed) -> Outcome:
    trouble = _CARD_TROUBLES[event.trouble]
    at_work = {
        st.Trouble.CARD_PULLED: st.Trouble.CARD_PULLED_AT_WORK,
        st.Trouble.CARD_UNREADABLE: st.Trouble.UNLOCK_FAILED,
    }
    return help_with(state, at_work.get(trouble, trouble))


# ---------------------------------------------------------------- the questions


def _opened(state: st.State, event: ev.UnlockOpened) -> Outcome:
    blanks = len(event.questions)
    page = st.AskingQuestion(
        event.questions, event.required, answers=(None,) * blanks, lengths=(0,) * blanks
    )
    return replace(state, page=page), ()


def _answer_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = _asking(state)
    if event.field != answer_field(page.index):
        return state, ()
    lengths = _with(page.lengths, page.index, event.length)
    return replace(state, page=replace(page, lengths=lengths)), ()


def _answer_given(state: st.State, event: ev.Pressed) -> Outcome:
    page = _asking(state)
    if not event.typed or not page.length or event.field != answer_field(page.index):
        return state, ()
    return _next_question(state, page, event.typed)


def _answer_skipped(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    return _next_question(state, page, None) if page.may_skip else (state, ())


def _next_question(state: st.State, page: st.AskingQuestion, answer: Secret | None) -> Outcome:
    answers = _with(page.answers, page.index, answer)
    page = replace(page, answers=answers, refused=False, wait_seconds=0)
    if page.index + 1 < len(page.questions):
        return replace(state, page=_at(page, page.index + 1)), ()
    return (
        replace(state, page=st.CheckingAnswers(_at(page, 0))),
        (do.GiveAnswers(state.visit, answers),),
    )


def _question_before(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    return replace(state, page=_at(page, max(page.index - 1, 0))), ()


def _at(page: st.AskingQuestion, index: int) -> st.AskingQuestion:
    return replace(page, index=index, shown=False)


def _show(state: st.State, _: ev.Pressed) -> Outcome:
    page = _asking(state)
    return replace(state, page=replace(page, shown=not page.shown)), ()


def _answers_refused(state: st.State, event: ev.AnswersRefused) -> Outcome:
    return _ask_again(state, refused=True, wait_seconds=event.wait_seconds)


def _refused_at_answers(state: st.State, event: ev.UnlockRefused) -> Outcome:
    if event.refusal is ev.Refusal.WAIT:  # too early: what was typed is kept
        return _ask_again(state, refused=False, wait_seconds=event.wait_seconds)
    return _refused(state, event)


def _ask_again(state: st.State, *, refused: bool, wait_seconds: int) -> Outcome:
    page = state.page
    if not isinstance(page, st.CheckingAnswers):
        return state, ()
    asking = replace(page.asked, refused=refused, wait_seconds=wait_seconds)
    return replace(state, page=asking), ()


def _asking(state: st.State) -> st.AskingQuestion:
    if not isinstance(state.page, st.AskingQuestion):
        raise TypeError  # the table calls these rules on that page alone
    return state.page


def answer_field(index: int) -> str:
    """The name of an answer's buffer."""
    return f"answer-{index + 1}"


# ---------------------------------------------------------------- the new passcode

FIRST_FIELD, SECOND_FIELD = "new-passcode", "new-passcode-again"


def _accepted(state: st.State, _: ev.AnswersAccepted) -> Outcome:
    return replace(state, page=st.ChoosingPasscode()), ()


def _passcode_typed(state: st.State, event: ev.Typed) -> Outcome:
    page = state.page
    if isinstance(page, st.ChoosingPasscode) and event.field == FIRST_FIELD:
        return replace(state, page=st.ChoosingPasscode(event.length, event.met)), ()
    if isinstance(page, st.RepeatingPasscode) and event.field == SECOND_FIELD:
        return replace(state, page=replace(page, length=event.length, met=event.met)), ()
    return state, ()


def _passcode_chosen(state: st.State, event: ev.Pressed) -> Outcome:
    if event.field != FIRST_FIELD or event.typed is None or not state.rules.accepts(event.typed):
        return state, ()
    return replace(state, page=st.RepeatingPasscode(event.typed)), ()


def _passcode_repeated(state: st.State, event: ev.Pressed) -> Outcome:
    page = state.page
    if not isinstance(page, st.RepeatingPasscode) or event.typed is None:
        return state, ()
    if event.field != SECOND_FIELD:
        return state, ()
    if not page.first.same_as(event.typed):
        return replace(state, page=st.ChoosingPasscode(differed=True)), (
            do.ForgetTyped((FIRST_FIELD, SECOND_FIELD)),
        )
    return replace(state, page=st.Unlocking()), (do.UnlockCard(state.visit, page.first),)


def _passcode_again(state: st.State, _: ev.Pressed) -> Outcome:
    return replace(state, page=st.ChoosingPasscode()), (
        do.ForgetTyped((FIRST_FIELD, SECOND_FIELD)),
    )


# ---------------------------------------------------------------- the card's work


def _advanced(state: st.State, event: ev.UnlockAdvanced) -> Outcome:
    return replace(state, page=st.Unlocking(event.step)), ()


def _unlocked(state: st.State, _: ev.CardUnlocked) -> Outcome:
    return replace(state, page=st.Finished()), (do.Forget(),)


def _refused(state: st.State, event: ev.UnlockRefused) -> Outcome:
    return help_with(state, st.REFUSALS[event.refusal], event.wait_seconds)


def _central_failed(state: st.State, _: ev.CentralFailed) -> Outcome:
    return help_with(state, st.Trouble.CENTRAL)


def _with(values: tuple[Any, ...], index: int, value: object) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


# ---------------------------------------------------------------- the table

_Rule = Callable[[st.State, Any], Outcome]

TABLE: dict[tuple[type, type], _Rule] = {
    **code.TABLE,
    (st.ReadingCard, ev.CardRead): _card_read,
    (st.ReadingCard, ev.CardFailed): _card_failed,
    (st.OpeningUnlock, ev.UnlockOpened): _opened,
    (st.OpeningUnlock, ev.UnlockRefused): _refused,
    (st.OpeningUnlock, ev.CentralFailed): _central_failed,
    (st.OpeningUnlock, ev.CardFailed): _card_failed,
    (st.AskingQuestion, ev.Typed): _answer_typed,
    (st.CheckingAnswers, ev.AnswersAccepted): _accepted,
    (st.CheckingAnswers, ev.AnswersRefused): _answers_refused,
    (st.CheckingAnswers, ev.UnlockRefused): _refused_at_answers,
    (st.CheckingAnswers, ev.CentralFailed): _central_failed,
    (st.CheckingAnswers, ev.CardFailed): _card_failed,
    (st.ChoosingPasscode, ev.Typed): _passcode_typed,
    (st.RepeatingPasscode, ev.Typed): _passcode_typed,
    (st.Unlocking, ev.UnlockAdvanced): _advanced,
    (st.Unlocking, ev.CardUnlocked): _unlocked,
    (st.Unlocking, ev.UnlockRefused): _refused,
    (st.Unlocking, ev.CentralFailed): _central_failed,
    (st.Unlocking, ev.CardFailed): _card_failed_at_work,
}

PRESSED: dict[tuple[type, Intent], _Rule] = {
    **code.PRESSED,
    (st.CardWorks, Intent.FORGOTTEN): _forgotten,
    (st.AskingQuestion, Intent.CONTINUE): _answer_given,
    (st.AskingQuestion, Intent.SKIP): _answer_skipped,
    (st.AskingQuestion, Intent.BACK): _question_before,
    (st.AskingQuestion, Intent.SHOW): _show,
    (st.ChoosingPasscode, Intent.CONTINUE): _passcode_chosen,
    (st.RepeatingPasscode, Intent.CONTINUE): _passcode_repeated,
    (st.RepeatingPasscode, Intent.BACK): _passcode_again,
}
