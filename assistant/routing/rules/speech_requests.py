"""What is wished for a recording or a video that was attached, and what is to be read aloud."""

import re

from assistant.contract.intents import Clip, Speak, Transcribe
from assistant.routing.decision import Choice, Said
from assistant.routing.rules.politeness import core, is_question, readings
from assistant.routing.slots import tidy

_TRANSCRIBING = re.compile(
    r"\b(?:transcrib\w*|transcripts?|transcription|speech[- ]to[- ]text|dictation|subtitles?"
    r"|captions)\b"
    r"|\b(?:write|type|note|put|take|jot) (?:it |this |that )?(?:down|out)\b|\b(?:into|to|as"
    r"|in) (?:text|writing|words|written form)\b"
    r"|\b(?:give|get|show) me (?:the|all) words\b|\bverbatim\b|\bword for word\b",
    re.IGNORECASE,
)
_HEARD = re.compile(
    r"\b(?:recordings?|audio|sound|voice|voicemail|calls?|memo|message|song|podcast|interview"
    r"|this|here|it|she|he|they|speaker|caller"
    r"|said|says?|saying|told|tells|talk(?:s|ing|ed)?|speaks?|speaking|spoken|hear|heard|listen"
    r"|attached|mp3|wav|mentioned|discussed|sung)\b",
    re.IGNORECASE,
)
_SEEN = re.compile(
    r"\b(?:videos?|clips?|films?|movies?|footage|recordings?|this|here|it|shown|shows?|see|seen"
    r"|visible|appears?|happens?|happening|watch"
    r"|frames?|scenes?|minute|second|time|presenter|speaker|he|she|they|somebody|anyone|people"
    r"|\d+:\d\d|attached|camera|part|when|wear(?:s|ing)?"
    r"|describe|summari[sz]e|colou?r)\b",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r"\b(?:leave|notice period|allowances?|policy|policies|handbook|contract|probation|entitled"
    r"|salary|revenue|per diem|refunds?|pension|our"
    r"|responsible for|deadline|ceo|overtime|insurance|do (?:i|we) (?:get|have|need))\b",
    re.IGNORECASE,
)


def of_recording(said: Said) -> Choice | None:
    """What is attached and has sound or moving pictures; None when something else is asked."""
    text = core(said.text)
    if said.recordings and said.recording is not None:
        found = _TRANSCRIBING.search(text)
        if found or _HEARD.search(text) or not _LIBRARY.search(text):
            why = f"“{found[0]}” and the recording" if found else "the attached recording"
            return Choice(Transcribe(said.recording), why)
    if said.videos and said.video is not None:
        if found := _TRANSCRIBING.search(text):
            return Choice(Transcribe(said.video), f"“{found[0]}” and the video")
        if _SEEN.search(text) or not _LIBRARY.search(text):
            return Choice(Clip(said.video, said.text.strip()), "the attached video")
    return None


_THAT = (
    r"(?:it|that|this|them|(?:the|that|this) (?:last |previous |above )?(?:answer|reply"
    r"|response|text"
    r"|result)(?: above)?"
    r"|your (?:last |previous )?(?:answer|reply|response|text)|what you (?:just )?(?:said"
    r"|wrote)|everything|all of it|all of that)"
)
_ALOUD = r"(?:aloud|out loud|loudly|loud|in a (?:loud|clear|calm) voice)"
_LAST = re.compile(
    rf"^(?:read|speak|recite|narrate|voice|vocali[sz]e)\s+(?:me\s+"
    rf"|us\s+)?(?:out\s+)?{_THAT}(?:\s+(?:{_ALOUD}|out|to me|to us|for me|for us|back"
    rf"|back to me|(?:with|in) (?:a|your) voice))*"
    rf"(?:\s+instead.*|\s+again)?\W*$"
    rf"|^(?:say|tell me|play|repeat|answer)\s+{_THAT}\s+(?:{_ALOUD}|to me with a voice"
    rf"|(?:with|in) (?:a|your) voice)\W*$"
    rf"|^(?:read|speak|say|recite)\s+(?:out|{_ALOUD})\s+{_THAT}\W*$|^read\s+(?:{_ALOUD}"
    rf"|out)\W*$|^read\s+{_THAT}\s+out\W*$"
    rf"|\b(?:to )?(?:hear|listen to)\s+{_THAT}(?:\s+(?:{_ALOUD}|spoken|as (?:audio|speech"
    rf"|sound)))?\W*$"
    rf"|^(?:turn|convert|make|put|transform)\s+{_THAT}\s+(?:in)?to\s+(?:speech|audio|sound"
    rf"|voice|spoken words?|an audio(?: file)?)\W*$"
    rf"|^(?:make|create|generate|give me|record|produce)\s+(?:me\s+)?(?:an?\s+)?(?:audio|voice"
    rf"|spoken|sound|mp3|speech|recording)(?:\s+(?:file|version|recording|track))?\s+(?:of|from"
    rf"|for)\s+{_THAT}\W*$"
    rf"|^(?:{_THAT}\s+)?(?:aloud|out loud)\W*$|^speak\W*$",
    re.IGNORECASE,
)
_READ_LAST = re.compile(rf"^read\s+{_THAT}\W*$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„»]{1,4000})[\"“”»]|(?<!\w)['‘]([^'‘’]{2,4000})['’](?!\w)")
_VERB = re.compile(
    rf"^(?:read|say|speak|voice|pronounce|recite|vocali[sz]e|narrate|announce)\b(?:\s+(?:out"
    rf"|{_ALOUD}|this|the following|text|sentence|words?|for me|to me|the))*",
    re.IGNORECASE,
)
_SAID_ALOUD = re.compile(
    rf"^(?P<verb>say|speak|announce|recite)\s+(?P<what>.+?),?\s+{_ALOUD}\W*$"
    rf"|^(?P<verb2>say|speak|announce|recite|read)\s+(?:out\s+)?{_ALOUD}\s*(?::"
    rf"|that\b)?\s*(?P<what2>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ELSEWHERE = re.compile(  # what stands in documents
    r"^(?:the|this|that|our|my|page|section|chapter|clause|paragraph|what|how|who|when|where"
    r"|why|all|each|every|it|them)\b",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    r"^(?:text[- ]to[- ]speech|tts|speech|voice ?over|audio)\s*(?:for|of)?\s*:\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)


def spoken(said: Said) -> Choice | None:
    """Text to read aloud: words of the message, else the answer before."""
    return next(filter(None, (_spoken(r.text, said) for r in readings(said.text))), None)


def _spoken(text: str, said: Said) -> Choice | None:
    if is_question(text):
        return None
    if found := _SPEECH.match(text):
        return _speak(found[1], "“speech” at the start")
    verb = _VERB.match(text)
    if verb and (words := _words(text, verb)) and not said.pictures:
        return _speak(words, f"“{verb[0].split()[0]}” at the start")
    if _LAST.search(text) and not (_READ_LAST.match(text) and said.files):
        told = "" if said.answer else "There is no answer yet that could be read aloud."
        return Choice(Speak(said.answer), f"“{' '.join(text.split()[:3])}”", told=told)
    if aloud := _SAID_ALOUD.match(text):
        words = aloud["what"] or aloud["what2"]
        return None if _ELSEWHERE.match(words) else _speak(words, "“aloud”")
    return None


def _words(text: str, verb: re.Match[str]) -> str:
    """The words to speak: quoted, or behind a colon."""
    aloud = re.search(
        rf"\b(?:{_ALOUD}|out|voice|pronounce|recite|announce|narrate|speech)\b", text, re.IGNORECASE
    )
    rest = text[verb.end() :]
    if quoted := _QUOTED.search(text):
        alone = not tidy(
            re.sub(
                rf"\b(?:{_ALOUD}|out|to me|for me|the|word|words|sentence|phrase)\b",
                "",
                _QUOTED.sub("", rest),
            )
        )
        return (quoted[1] or quoted[2]).strip() if aloud or alone else ""
    if re.match(r"\s*:", rest) and tidy(rest):
        return rest.strip(" :\n")
    return ""


def _speak(text: str, why: str) -> Choice | None:
    return Choice(Speak(text.strip()), why) if text.strip() else None
