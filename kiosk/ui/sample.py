# SPDX-License-Identifier: Apache-2.0
"""Sample views of every kind and state, for the gallery and for tests.

Their messages are written as `Text(...)` and not as `text(...)`, so that they stay out of the
catalogue: no kiosk shows them, so nobody should translate them.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.text import Text, Verbatim, Words
from kiosk.flow.view import (
    Button,
    Choice,
    ChoicePage,
    Contact,
    Countdown,
    Entry,
    EntryKind,
    EntryPage,
    Frame,
    Intent,
    Notice,
    Picture,
    ProfilePage,
    Progress,
    Role,
    RuleLine,
    Section,
    Step,
    StepState,
    Tone,
    View,
    Welcome,
)
from kiosk.values import PasscodeRules

_WAITING, _DOING, _DONE = StepState.WAITING, StepState.DOING, StepState.DONE

TITLE = Text("Smartcard self service")
BANNER = Text("Demonstration: simulated card reader")

CLOSE = Button(Intent.CLOSE, Text("Close"))
DONE = Button(Intent.CLOSE, Text("Close"), Role.PRIMARY)
BACK = Button(Intent.BACK, Text("Back"))
SKIP = Button(Intent.SKIP, Text("Skip"))
GO_ON = Button(Intent.CONTINUE, Text("Continue"), Role.PRIMARY)
NOT_YET = Button(Intent.CONTINUE, Text("Continue"), Role.PRIMARY, enabled=False)
FORGOTTEN = Button(Intent.FORGOTTEN, Text("I've forgotten my passcode"), Role.PRIMARY)

CONTACTS = (
    Contact(Text("IT service desk, day and night"), Verbatim("020 7946 0150")),
    Contact(Text("Registration authority, 9 to 5"), Verbatim("020 7946 0178")),
)

COUNTDOWN = Countdown(
    20,
    Text("This screen closes in {count} seconds", (("count", 20),)),
    Button(Intent.MORE_TIME, Text("I need more time"), Role.PRIMARY),
)


CORNER: tuple[Words, ...] = (
    Verbatim("Anna Hetherington-Smythe"),
    Verbatim("Clinical Practitioner Access Role"),
    Verbatim("Northumbria Healthcare NHS Foundation Trust"),
)


TOOLS = (
    Button(Intent.LANGUAGE, Verbatim("English")),
    Button(Intent.ACCESS, Text("Settings for access")),
)


REMAINING = Text("{minutes} min left", (("minutes", 12),))


def _frame(
    *buttons: Button, banner: Text | None = None, countdown: Countdown | None = None
) -> Frame:
    return Frame(TITLE, buttons, banner, countdown, tools=TOOLS)


def _within(frame: Frame, step: int = 0, *, lines: int = 3) -> Frame:
    """Return `frame` as a logged-in user sees it, at `step` of the registration if not 0."""
    return replace(
        frame, steps=_steps(step) if step else (), corner=CORNER[:lines], remaining=REMAINING
    )


def _steps(present: int) -> tuple[Step, ...]:
    labels = ("Passcode", "Security Questions", "Email", "Registration Code")
    return tuple(
        Step(
            Text(label),
            (_DONE, _DOING, _WAITING)[(number >= present) + (number > present)],
        )
        for number, label in enumerate(labels, 1)
    )


def _welcome(*troubles: Text, banner: Text | None = None) -> Welcome:
    return Welcome(
        _frame(banner=banner),
        Text("Insert your smartcard"),
        Text("Unlock your smartcard here and choose a new passcode. It takes about a minute."),
        troubles=troubles,
    )


def _question(
    heading: str,
    *,
    number: int = 1,
    length: int = 0,
    shown: bool = False,
    problem: Text | None = None,
    banner: Text | None = None,
    countdown: Countdown | None = None,
) -> EntryPage:
    buttons = (CLOSE, BACK, SKIP, GO_ON if length else NOT_YET)
    return EntryPage(
        _frame(*buttons, banner=banner, countdown=countdown),
        Verbatim(heading),
        Entry(f"answer-{number}", EntryKind.ANSWER, length, 64, shown),
        progress=Text("Question {number} of {total}", (("number", number), ("total", 4))),
        hint=Text("One answer may be left blank."),
        problem=problem,
    )


def _passcode(
    length: int, *met: bool, problem: Text | None = None, again: bool = False
) -> EntryPage:
    heading = Text("Enter it once more") if again else Text("Choose a new passcode")
    rules = (Text("At least 6 digits"), Text("8 digits at most"))
    return EntryPage(
        _frame(CLOSE, BACK, GO_ON if all(met) and met else NOT_YET),
        heading,
        Entry(
            "passcode-again" if again else "passcode",
            EntryKind.PASSCODE,
            length,
            8,
            rules=PasscodeRules(),
        ),
        hint=None if again else Text("Choose one that nobody could guess."),
        problem=problem,
        rule_lines=tuple(RuleLine(rule, one) for rule, one in zip(rules, met, strict=False)),
    )


def _working(*states: StepState) -> Progress:
    labels = (
        Text("Ask permission to unlock"),
        Text("Unlock the smartcard"),
        Text("Check your new passcode"),
        Text("Renew the smartcard's unlocking key"),
    )
    return Progress(
        _frame(),
        Text("Unlocking your smartcard"),
        tuple(Step(label, state) for label, state in zip(labels, states, strict=True)),
        Text("Leave your smartcard in the reader until this is finished."),
    )


_QUESTIONS = (
    "What was the name of your first school?",
    "What was the surname of the teacher you liked best at primary school?",
    "In which town did your parents meet?",
    "What was the name of the street where you lived when you were ten?",
    "What was the first concert you went to?",
)


def _address(
    length: int = 0, problem: Text | None = None, prefilled: str = "", *, banner: Text | None = None
) -> EntryPage:
    return EntryPage(
        _within(_frame(CLOSE, BACK, GO_ON if length else NOT_YET, banner=banner), 3),
        Text("Which e-mail address shall the registration code go to?"),
        Entry(
            "address",
            EntryKind.EMAIL,
            length,
            80,
            endings=("@nhs.net", "@northumbria.nhs.uk", ".nhs.uk"),
            prefilled=prefilled,
        ),
        hint=Text("It must be an NHS address."),
        problem=problem,
    )


def _menu(*choices: Choice, banner: Text | None = None) -> ChoicePage:
    return ChoicePage(_frame(CLOSE, banner=banner), Text("What would you like to do?"), choices)


def _list(frame: Frame, number: int, chosen: int | None = None) -> ChoicePage:
    return ChoicePage(
        frame,
        Text("Choose your first security question"),
        tuple(
            Choice(Verbatim(_QUESTIONS[one % len(_QUESTIONS)]), enabled=one != 2)
            for one in range(number)
        ),
        chosen,
        hint=Text("Choose those you are most likely to remember."),
    )


def _smartcard(serial: str) -> tuple[tuple[Words, Words], ...]:
    return (
        (Text("Serial number"), Verbatim(serial)),
        (Text("Type"), Verbatim("Smartcard")),
        (Text("Manufacturer"), Verbatim("Gemplus")),
        (Text("Issued"), Verbatim("3 April 2024")),
        (Text("Certificates expire"), Verbatim("26 April 2026, in 23 days")),
        (Text("Last changed"), Verbatim("3 April 2024, 09:14")),
    )


_PROFILE = ProfilePage(
    _within(_frame(CLOSE, Button(Intent.REGISTER, Text("Register"), Role.PRIMARY))),
    CORNER[0],
    (
        Section(
            Text("Self Service"),
            text=Text("You are not registered to use the Self Service facility."),
        ),
        Section(Text("Smartcard in the reader"), _smartcard("0012 3456 7890")),
        Section(
            Text("Position"),
            (
                (Text("Position code"), Verbatim("555008514107")),
                (
                    Text("Position name"),
                    Verbatim("Registered Nurse, Emergency Department and Urgent Treatment Centre"),
                ),
                (Text("Organisation"), CORNER[2]),
                (Text("Start"), Verbatim("1 September 2023")),
            ),
        ),
    ),
)

SAMPLES: dict[str, View] = {
    "welcome": _welcome(),
    "welcome-trouble": _welcome(
        Text("The smartcard reader is not connected. Please use another kiosk."), banner=BANNER
    ),
    "welcome-troubles": _welcome(
        Text("There is no card reader. This kiosk cannot be used just now."),
        Text("The central service cannot be reached. Smartcards cannot be unlocked just now."),
        banner=BANNER,
    ),
    "welcome-card-left": Welcome(
        _frame(),
        Text("Please take your smartcard"),
        Text("To start again, put it back in."),
        Picture.REMOVE_CARD,
    ),
    "question-empty": _question("What was the name of your first school?"),
    "question-typed": _question("What was the name of your first school?", length=9),
    "question-shown": _question(
        "What was the name of your first school?", length=9, shown=True, number=2
    ),
    "question-long": _question(
        "What was the surname of the teacher you liked best at primary school?",
        number=3,
        length=40,
    ),
    "question-problem": _question(
        "What was the name of the street where you lived when you were ten?",
        number=4,
        problem=Text("Please answer this question: only one may be left out."),
        banner=BANNER,
    ),
    "question-countdown": _question(
        "In which town did your parents meet?", length=4, countdown=COUNTDOWN
    ),
    "passcode-empty": _passcode(0, False, False),
    "passcode-short": _passcode(4, False, True),
    "passcode-good": _passcode(6, True, True),
    "passcode-problem": _passcode(
        0, problem=Text("The two passcodes differ. Please enter it again."), again=True
    ),
    "working": _working(_DONE, _DOING, _WAITING, _WAITING),
    "reading": Progress(
        _frame(CLOSE, banner=BANNER),
        Text("Reading your smartcard"),
        (),
        Text("Leave your smartcard in the reader."),
    ),
    "menu": _menu(
        Choice(Text("Unlock my smartcard"), Text("I have forgotten my passcode")),
        Choice(Text("Change my passcode"), Text("I know my passcode")),
        Choice(Text("My smartcard and my profile")),
        Choice(
            Text("Register for self service"),
            Text("The central service cannot be reached just now."),
            enabled=False,
        ),
    ),
    "menu-two": _menu(
        Choice(Text("Change my passcode"), Text("I know my passcode")),
        Choice(Text("My smartcard and my profile")),
        banner=BANNER,
    ),
    "choices-three": _list(_within(_frame(CLOSE, NOT_YET)), 3),
    "choices-chosen": _list(_within(_frame(CLOSE, BACK, GO_ON)), 3, chosen=0),
    "choices-many": _list(_within(_frame(CLOSE, BACK, NOT_YET, banner=BANNER), 2), 40),
    "choices-many-chosen": _list(_within(_frame(CLOSE, BACK, GO_ON), 2), 40, chosen=21),
    "address-empty": _address(),
    "address-filled": _address(16, prefilled="anna.smith@nhs.net"),
    "address-long": _address(
        53, prefilled="anna.hetherington-smythe@northumbria-healthcare.nhs.uk", banner=BANNER
    ),
    "address-problem": _address(
        14,
        Text("Please use an NHS address, such as one that ends in nhs.net."),
        "anna@gmail.com",
    ),
    "question-register": replace(
        _question(_QUESTIONS[1], number=2, length=9, shown=True, banner=BANNER),
        frame=_within(_frame(CLOSE, BACK, GO_ON, banner=BANNER), 2),
        progress=None,
    ),
    "question-within": replace(
        _question(_QUESTIONS[3], number=2),
        frame=_within(_frame(CLOSE, BACK, NOT_YET), 2),
    ),
    "passcode-within": replace(
        _passcode(4, False, True), frame=_within(_frame(CLOSE, BACK, GO_ON, banner=BANNER), 1)
    ),
    "code-within": EntryPage(
        _within(
            _frame(
                CLOSE,
                BACK,
                Button(Intent.ANOTHER_CODE, Text("Send a new code")),
                Button(Intent.CONFIRM, Text("Confirm"), Role.PRIMARY),
                banner=BANNER,
            ),
            4,
        ),
        Text("Enter the registration code"),
        Entry("code", EntryKind.CODE, 8, 8),
        hint=Text("We sent it to anna.hetherington-smythe@northumbria-healthcare.nhs.uk."),
        problem=None,
    ),
    "profile": _PROFILE,
    "profile-short": ProfilePage(
        _within(_frame(CLOSE, banner=BANNER), lines=2), CORNER[0], _PROFILE.sections[:1]
    ),
    "information": Notice(
        _frame(CLOSE, FORGOTTEN),
        Tone.INFORMATION,
        Text("Your smartcard is not locked"),
        (
            Text("Your passcode works: you have 3 tries left."),
            Text("If you have forgotten it, you can choose a new one here."),
        ),
    ),
    "instructions": Notice(
        _frame(CLOSE, GO_ON),
        Tone.INFORMATION,
        Text("Your smartcard is locked"),
        (
            Text("Answer the security questions you chose when you registered."),
            Text("Then choose a new passcode of 6 to 8 digits."),
        ),
        contacts=CONTACTS,
    ),
    "done": Notice(
        _frame(DONE),
        Tone.SUCCESS,
        Text("Your smartcard is unlocked"),
        (Text("Your new passcode works from now on."), Text("Please take your smartcard.")),
        picture=Picture.REMOVE_CARD,
    ),
    "problem": Notice(
        _frame(DONE, banner=BANNER),
        Tone.PROBLEM,
        Text("Your smartcard could not be unlocked"),
        (
            Text("The central service does not answer at the moment. Nothing was changed."),
            Text("Try again in a few minutes, or call the service desk."),
        ),
        contacts=CONTACTS,
        reference="K7Q4-20MX",
    ),
    "problem-picture": Notice(
        _frame(CLOSE, banner=BANNER),
        Tone.PROBLEM,
        Text("You are not registered to use the Self Service facility."),
        (
            Text("Unlocking it was interrupted several times. It was stopped to protect it."),
            Text("Your registration authority can help you: the contact is below."),
        ),
        contacts=CONTACTS[1:],
        reference="K7Q4-20MX",
        picture=Picture.REMOVE_CARD,
    ),
}

TYPED: dict[str, str] = {
    "question-typed": "St Mary's",
    "question-shown": "St Mary's",
    "question-long": "Miss Hetherington-Smythe of Upper Slaughter"[:40],
    "question-countdown": "York",
    "question-register": "St Mary's",
    "passcode-within": "4711",
    "code-within": "12345678",
    "passcode-short": "4711",
    "passcode-good": "471108",
}
