# SPDX-License-Identifier: Apache-2.0
"""The texts of the help screens: what happened, and what to do now. Attackers learn nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.flow.pages import Helping
from kiosk.flow.text import Text, plural, text
from kiosk.flow.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Explanation:
    """The heading and the paragraphs of a help screen."""

    heading: Text
    paragraphs: tuple[Text, ...]


def explain(page: Helping) -> Explanation:
    """Return the texts for a trouble."""
    if page.trouble is Trouble.WAIT:
        minutes = max(1, -(-page.wait_seconds // 60))
        wait = plural(
            "Wait {count} minute, then insert your smartcard again.",
            "Wait {count} minutes, then insert your smartcard again.",
            minutes,
        )
        pause = text("There were wrong answers, for this card or at this kiosk: a pause follows.")
        return Explanation(text("Please wait before you try again"), (pause, wait))
    return _EXPLANATIONS[page.trouble]


_TOO_MANY = text("Answers to your security questions were wrong several times.")
_INSERT_AGAIN = text("Take your smartcard out and insert it again, chip first and facing up.")
_ASK_RA = text("Your registration authority can help you: the contact is below.")

_EXPLANATIONS = {
    Trouble.ASKED: Explanation(
        text("How this kiosk helps you"),
        (
            text("Put your smartcard into the reader, chip first and facing up."),
            text("Keep it in while you answer your questions and choose a new passcode."),
        ),
    ),
    Trouble.CARD_NOT_KNOWN: Explanation(
        text("This smartcard cannot be unlocked here"),
        (
            text("This kiosk does not know this card, or it belongs to another organisation."),
            _ASK_RA,
        ),
    ),
    Trouble.CARD_UNREADABLE: Explanation(
        text("Your smartcard could not be read"),
        (_INSERT_AGAIN, text("If that does not help, the card may be damaged.")),
    ),
    Trouble.CARD_MUTE: Explanation(
        text("Your smartcard does not answer"),
        (_INSERT_AGAIN, text("Nothing on it has been lost.")),
    ),
    Trouble.CARD_PULLED: Explanation(
        text("Your smartcard was taken out too soon"),
        (text("Insert it again and leave it in until you are told to take it."),),
    ),
    Trouble.CARD_PULLED_AT_WORK: Explanation(
        text("Your smartcard was taken out too soon"),
        (
            text("Nothing is lost. Insert it again and leave it in until you are told to take it."),
            text("Then try your new passcode, or start the unlock again."),
        ),
    ),
    Trouble.CARD_PULLED_REGISTERING: Explanation(
        text("Your smartcard was taken out too soon"),
        (
            text("You may be registered already."),
            text("Insert it again and look at “My smartcard and registration”."),
        ),
    ),
    Trouble.CARD_SWAPPED: Explanation(
        text("This is not the smartcard you started with"),
        (text("Insert your own smartcard and start again."), _ASK_RA),
    ),
    Trouble.CARD_SPENT: Explanation(
        text("This smartcard can no longer be unlocked"),
        (text("You need a new smartcard."), _ASK_RA),
    ),
    Trouble.UNVERIFIED: Explanation(
        text("Your smartcard did not take the new passcode"),
        (
            text("It is not locked any more."),
            text("Insert it again, and say that you have forgotten your passcode."),
        ),
    ),
    Trouble.OUT_OF_SERVICE: Explanation(
        text("This kiosk is out of service"),
        (
            text("Take your smartcard with you: nothing on it was changed."),
            text("Please use another kiosk."),
        ),
    ),
    Trouble.READER: Explanation(
        text("The card reader has stopped working"),
        (
            text("Take your smartcard with you: nothing on it has been lost."),
            text("Try again in a minute, or use another kiosk."),
        ),
    ),
    Trouble.SCREEN: Explanation(
        text("The screen of this kiosk failed"),
        (
            text("What you typed was wiped. Any change already made to your smartcard stays."),
            text("Take your smartcard out and insert it again, or use another kiosk."),
        ),
    ),
    Trouble.NOT_REGISTERED: Explanation(
        text("You are not registered to use the Self Service facility."),
        (
            text("Without a registration this kiosk cannot unlock your smartcard."),
            _ASK_RA,
        ),
    ),
    Trouble.CARD_STOPPED: Explanation(
        text("This smartcard cannot be unlocked here"),
        (text("It is not in use at present."), _ASK_RA),
    ),
    Trouble.LOCKED_OUT: Explanation(
        text("Self service is locked for this smartcard"),
        (_TOO_MANY, text("Your registration authority can release it: the contact is below.")),
    ),
    Trouble.FROZEN: Explanation(
        text("Your smartcard needs to be looked at"),
        (
            text(
                "Unlocking it was interrupted several times. It was stopped to protect your card."
            ),
            _ASK_RA,
        ),
    ),
    Trouble.MAIL: Explanation(
        text("The code could not be emailed"),
        (
            text("Without it you cannot go on. Nothing on your smartcard has changed."),
            text("Try again in a few minutes. If it is urgent, use a contact below."),
        ),
    ),
    Trouble.CENTRAL: Explanation(
        text("The central service cannot be reached"),
        (
            text("What you began could not be finished. Nothing on your smartcard has changed."),
            text("A passcode that you know can still be changed here."),
            text("Try again in a few minutes. If it is urgent, use a contact below."),
        ),
    ),
    Trouble.NOT_TRUSTED: Explanation(
        text("Your smartcard's certificate was not accepted"),
        (text("It may have ended, or have been withdrawn."), _ASK_RA),
    ),
    Trouble.UNLOCK_ONLY: Explanation(
        text("You cannot log in with this kind of smartcard"),
        (text("This kiosk can unlock it and change its passcode, and nothing else."), _ASK_RA),
    ),
    Trouble.SESSION_OVER: Explanation(
        text("Your time at this kiosk is over"),
        (text("Nothing was changed. Take your smartcard out and start again."), _ASK_RA),
    ),
    Trouble.NO_MORE_CODES: Explanation(
        text("No more codes can be sent"),
        (text("Nothing was changed. Take your smartcard out and start again."), _ASK_RA),
    ),
    Trouble.UNSETTLED: Explanation(
        text("Smartcards cannot be unlocked just now"),
        (
            text("The central service was restored, and waits for all kiosks to report to it."),
            text("Nothing on your smartcard has changed. If it is urgent, use a contact below."),
        ),
    ),
    Trouble.OFFLINE_OVER: Explanation(
        text("Your smartcard cannot be unlocked just now"),
        (
            text(
                "The central service cannot be reached, and without it only a few attempts are"
                " possible."
            ),
            text("Nothing on your smartcard has changed. If it is urgent, use a contact below."),
        ),
    ),
    Trouble.STORE: Explanation(
        text("This kiosk cannot unlock smartcards just now"),
        (
            text("It cannot record what it does, and without that it does nothing to a smartcard."),
            text("Use another kiosk. A passcode that you know can still be changed here."),
        ),
    ),
    Trouble.CHANGE_FAILED: Explanation(
        text("Your passcode could not be changed"),
        (
            text("Nothing is lost. Your smartcard has its old passcode, or already the new one."),
            _ASK_RA,
        ),
    ),
    Trouble.UNLOCK_FAILED: Explanation(
        text("Your smartcard could not be unlocked"),
        (text("Nothing is lost. Insert it again and start once more."), _ASK_RA),
    ),
}
