"""Every problem: a stable type, the sentence for people, and what to do next.

Sentences never hold an exception's text. `detail` may fill in `{…}` fields given where the problem arises.
The HTTP status stands here too, since a problem document (RFC 9457) is where the two meet.
"""

from __future__ import annotations

from typing import NamedTuple

from courtcast.wire.api import Problem


class Kind(NamedTuple):
    """One row of the table."""

    status: int
    title: str
    detail: str


TABLE: dict[str, Kind] = {
    # the record
    "sheet-too-long": Kind(422, "Too long for a sheet", "That is more than a sheet takes. Choose a single day."),
    "purge-unknown": Kind(
        404, "No such exhibit", "There is no exhibit {ref}. Nothing was removed; see what there is in the remote."
    ),
    "purge-several": Kind(
        422,
        "Several exhibits",
        "Several hearings have an exhibit {ref}. Say which with --hearing. Nothing was removed.",
    ),
    "purge-what": Kind(422, "Nothing named", "Say which exhibits: their references, --added-before, or --all."),
    "digits-malformed": Kind(
        422, "Not 64 digits", "{option} takes the 64 digits (0 to 9, a to f) that were printed; spaces do not matter."
    ),
    "file-unreadable": Kind(
        422,
        "Cannot be read",
        "The file {path} cannot be read. Look at its name, whether its disc or stick is still there, and whether you may read it.",
    ),
    "file-unwritable": Kind(422, "Cannot be written", "The file {path} cannot be written there. Choose another place."),
    "purge-left": Kind(
        500,
        "Not all of it is gone",
        "Some of its files could not be removed ({path}). Remove them by hand, and look at that disk.",
    ),
    # bundles
    "bundle-unreadable": Kind(
        422,
        "Not a bundle",
        "This is no sealed bundle, or not all of it is here: {why}. Copy it again from where it was made.",
    ),
    "bundle-newer": Kind(
        422, "From a newer courtcast", "This bundle was made by a newer courtcast. Bring this one up to date first."
    ),
    "bundle-changed": Kind(
        422,
        "Changed since it was sealed",
        "{name} in this bundle is not what was sealed. Nothing was taken in; ask for the bundle again.",
    ),
    "bundle-key": Kind(
        422,
        "Sealed by somebody else",
        "This bundle was sealed with another key than the one asked for: {key}. Nothing was taken in.",
    ),
    "upload-no-bundle": Kind(
        409, "Not sent as a bundle", "This file was not sent as a bundle. Send it again, with `Take in a bundle`."
    ),
    "bundle-coming": Kind(409, "Still coming", "The bundle is still being sent. Wait until all of it is here."),
    "bundle-broken-off": Kind(
        502, "Broken off", "The bundle was not written to its end. See in the log of the presenter why, and try again."
    ),
    "hearing-which": Kind(404, "Which hearing", "There is no hearing {name}, or more than one. There are: {names}."),
    "bundle-not-yet": Kind(
        409,
        "Not all of it is here",
        "These exhibits are not wholly here yet: {refs}. Wait for them, or remove them from the hearing.",
    ),
    "exhibit-unreadable": Kind(
        507,
        "Not what it was",
        "The copy of {name} on this machine is not what was fetched any more. Fetch it again by its link, or send it again.",
    ),
    "bundle-there": Kind(422, "Something is there", "There is something at {path} already. Choose another place."),
    # links
    "link-malformed": Kind(
        422, "Not a link", "This is not a link that can be fetched. Paste the whole address, beginning with https://."
    ),
    "link-forbidden-address": Kind(
        422,
        "Address not allowed",
        "The link leads to an address inside a private network ({host}). Allow that network when starting the presenter, or use a public link.",
    ),
    "link-not-found": Kind(
        422,
        "Nothing there",
        "The server says that there is nothing at this link any more (404). Ask for a new link and paste it here.",
    ),
    "link-refused": Kind(
        422,
        "Refused",
        "The server refuses this link ({status}). It may have expired or need a log-in. Ask for a new link and paste it here.",
    ),
    "link-server": Kind(
        422,
        "Server in trouble",
        "The server of this link answers {status}. It is tried again; ask for another link if it stays so.",
    ),
    "link-unreachable": Kind(
        422, "No answer", "The server of this link does not answer. Look at the network here, then try again."
    ),
    "link-unknown-host": Kind(
        422,
        "Unknown server",
        "The server named in the link is not known ({host}). Look for a typing mistake in the link.",
    ),
    "link-redirect-loop": Kind(
        422, "Goes round in circles", "The link leads on and on without end. Ask for a direct link to the file."
    ),
    "link-is-page": Kind(
        422,
        "A page, not a file",
        "The link leads to a web page, not to a file. Open it, copy the link of the download itself, and paste that here.",
    ),
    "link-empty": Kind(422, "Empty file", "The server sends an empty file. Ask for the evidence to be shared again."),
    "link-cut-short": Kind(
        422,
        "Cut short",
        "The server stops sending before the end of the file. Try again, or ask for a new link and paste it here.",
    ),
    "link-busy": Kind(
        422,
        "Asked to wait",
        "The server of this link asks to be left alone for {minutes} min. It is asked again by itself after that.",
    ),
    "link-packed": Kind(
        422,
        "Sent packed",
        "The server sends this file packed in a way that was not asked for, so that it is not the file itself. Ask for another link, or download the file and upload it here.",
    ),
    "link-endless": Kind(
        422,
        "Without end",
        "The server does not say how long this is, and sends on and on: {came} came. Ask for a link to a file.",
    ),
    "link-too-slow": Kind(
        422,
        "Too slow",
        "The server sends so slowly that the file is not all here after {hours} hours. Ask for the evidence on a disk, or for another link.",
    ),
    "link-changed": Kind(
        422,
        "Changed meanwhile",
        "The file behind the link changed while it was being fetched. It is fetched again from the start.",
    ),
    "link-other-file": Kind(
        422,
        "Another file",
        "The new link leads to another file than the one of which a part is here. It is fetched from its beginning; the part stays until all of it has come.",
    ),
    "held-kept": Kind(200, "Kept", "The {held} already here are kept."),
    "link-certificate": Kind(
        422,
        "Certificate not trusted",
        "The server's certificate is not trusted here. Ask for another link, or look at the date of this machine.",
    ),
    "link-several": Kind(
        422,
        "Several files",
        "There are {count} files behind this link. Choose the one that is meant, or add each of them.",
    ),
    "link-choice-gone": Kind(
        422,
        "No longer there",
        "The file that was chosen is not behind this link any more. Choose again, or ask for a new link.",
    ),
    "link-needs-login": Kind(
        422,
        "Needs a log-in",
        "The link leads to a page that wants a log-in, and courtcast never logs in for anybody. Paste a fresh link that needs none, or download the file there and upload it here.",
    ),
    "link-page-no-file": Kind(
        422,
        "A page without a file",
        "The link leads to a web page, and nothing on it can be fetched as a file. Paste the link of the download itself, or download the file there and upload it here.",
    ),
    "link-is-stream": Kind(
        422,
        "In pieces",
        "The link leads to a list of pieces (HLS or DASH) that cannot be put together here. Ask for the recording as one file, or download it and upload it here.",
    ),
    "link-is-live": Kind(
        422,
        "Not over yet",
        "What is behind this link is still being recorded. Ask for a link to the recording when it is over.",
    ),
    "link-protected": Kind(
        422,
        "Protected",
        "The recording behind this link is protected against being copied, or its key does not fit. Ask for it as a file without protection.",
    ),
    "link-folder-empty": Kind(
        422, "Empty folder", "The folder that was shared is empty. Ask for the evidence to be shared again."
    ),
    "link-too-large": Kind(
        422,
        "Too long a page",
        "The page or list behind this link is longer than courtcast reads. Paste the link of the file itself.",
    ),
    "link-expired": Kind(
        422,
        "Expired",
        "The link has expired. Ask for a new one and paste it here, or upload the file.",
    ),
    "portal-key": Kind(
        422,
        "Key not accepted",
        "The portal {host} does not accept the key that courtcast was given for it. Ask whoever runs the portal for a new one, and put it into portals.toml.",
    ),
    "portal-not-shared": Kind(
        422,
        "Not shared",
        "The portal {host} does not show this to courtcast. Ask for the case to be shared with this court, paste a fresh link, or download the file there and upload it here.",
    ),
    "portal-answer": Kind(
        422,
        "Portal not understood",
        "The portal {host} answers in a way that courtcast does not know. Paste a fresh link to the file, or download it there and upload it here.",
    ),
    "link-literal-address": Kind(
        422,
        "Server without a name",
        "The link names its server by number ({host}), and links go through a proxy here, which hides where that leads. Ask for a link with the server's name.",
    ),
    "proxy-unreachable": Kind(
        422,
        "Proxy does not answer",
        "The proxy that links go through here ({host}) does not answer. Look at the network here; it is tried again.",
    ),
    "proxy-sign-in": Kind(
        422,
        "Proxy wants a name",
        "The proxy that links go through here wants a user name and a password that it accepts. Ask the network people here, and give them with --proxy.",
    ),
    "proxy-refused": Kind(
        422,
        "Proxy lets nothing through",
        "The proxy that links go through here does not let this one through ({status}). Ask the network people here to allow its server, or upload the file.",
    ),
    "proxy-certificate": Kind(
        422,
        "Certificate not trusted",
        "The certificate that comes through the proxy here is not trusted. Give the certificate of the proxy with --ca when starting the presenter.",
    ),
    "hash-mismatch": Kind(
        422,
        "Not the file that was named",
        "The file that came is not the one whose hash was given. Nothing of it is shown; ask who sent the link.",
    ),
    "disk-full": Kind(
        507, "Disk full", "The disk of this machine is full. Free some space; fetching goes on from where it stopped."
    ),
    "disk-too-small": Kind(
        507,
        "Not enough room",
        "This recording needs {needed} on the disk of this machine, and only {free} are free for it. Free some space, and it is fetched by itself; or use another data folder.",
    ),
    "disk-failing": Kind(
        507,
        "Disk does not work",
        "The disk of this machine cannot be read or written as it should. Look at it, or use another data folder.",
    ),
    "copy-damaged": Kind(
        422,
        "Copy damaged",
        "The copy of this evidence on this machine is not what was fetched any more. It is fetched again.",
    ),
    # uploads
    "upload-unknown": Kind(
        404, "No such upload", "There is no such upload any more. Choose the file again, and it is sent anew."
    ),
    "upload-expired": Kind(
        410,
        "Not sent to its end",
        "The rest of this file did not come within a week, so what had come was removed. Remove it here, and send the file again.",
    ),
    "upload-cancelled": Kind(
        422,
        "Not sent to its end",
        "Sending this file was given up before its end. Upload the file again, or paste a link to it.",
    ),
    "upload-waits": Kind(
        200,
        "The rest is missing",
        "The rest of this file has not been sent yet, and nobody is sending it now. Choose the same file again, and it goes on from what is here.",
    ),
    "upload-offset": Kind(
        409,
        "Goes on elsewhere",
        "The first {here} bytes of this file are here. Go on from there.",
    ),
    "upload-busy": Kind(
        423, "Being sent already", "Somebody else is sending this file just now. Wait until that has ended."
    ),
    "upload-checksum": Kind(460, "Damaged on the way", "This piece of the file was damaged on its way. Send it again."),
    "upload-too-large": Kind(
        413, "Too large", "This is more than fits here: {most} bytes. Look whether it is the file that was meant."
    ),
    "upload-too-many": Kind(
        429, "Too many at once", "There are {most} of these already. Wait until some are here, or give some up."
    ),
    "upload-empty": Kind(422, "Empty file", "This file is empty. Copy it from where it came from once more."),
    "upload-alone": Kind(
        422, "Nothing to keep it with", "A companion is kept beside a recording of its set. Send the recording first."
    ),
    "upload-complete": Kind(
        409, "All here", "All of this file is here, so it is an exhibit now. Remove it there if it has to go."
    ),
    "upload-not-now": Kind(
        503, "Not ready to take it", "This file cannot be taken just now. It is tried again in a moment."
    ),
    "upload-kind": Kind(415, "Not a piece of a file", "Pieces of a file are sent as application/offset+octet-stream."),
    "upload-version": Kind(412, "Other version", "Uploads are taken by tus {version}. Say Tus-Resumable: {version}."),
    # files
    "file-not-media": Kind(
        422, "Not a recording", "This file is not a recording that can be read. Ask which program wrote it."
    ),
    "file-no-index": Kind(
        422,
        "No index",
        "The recording was cut off before its index was written, so no player can open it. Ask for a complete copy.",
    ),
    "file-damaged": Kind(422, "Damaged", "The recording is damaged and cannot be played. Ask for a new copy."),
    "format-not-yet": Kind(
        422, "Format not played yet", "Recordings of this kind ({what}) cannot be shown yet. Ask for an MP4 with H.264."
    ),
    "parser-crashed": Kind(
        422, "Reader stopped", "Reading this file stopped the reader. Everything else goes on; ask for a new copy."
    ),
    "parser-out-of-memory": Kind(
        422,
        "Needs too much memory",
        "Reading this file needs more memory or space than it may have. Ask for a smaller copy.",
    ),
    "parser-out-of-time": Kind(
        422,
        "Takes too long",
        "Reading this file made no progress for {seconds} s, or far too little, and was stopped. Ask for a new copy.",
    ),
    "streams-too-many": Kind(
        422,
        "Too many streams",
        "This recording has more than {most} streams, which is more than can be read. Ask for a copy with its picture and its sound alone.",
    ),
    "gop-too-large": Kind(
        422,
        "Pictures too far apart",
        "The stretch between two full pictures of this recording is larger than a screen can hold. Ask for a copy with more of them.",
    ),
    "document-locked": Kind(
        422, "Locked", "This document needs a password. Ask who sent it, and type the password here."
    ),
    "document-wrong-password": Kind(
        422, "Wrong password", "That is not the password of this document. Ask who sent it, and type it again."
    ),
    "document-damaged": Kind(
        422, "Damaged", "This document is damaged or cut off and cannot be opened. Ask for a new copy."
    ),
    "document-empty": Kind(422, "No pages", "This document has no pages. Ask for a new copy."),
    "document-too-long": Kind(
        422, "Too many pages", "This document has {count} pages; {most} can be shown. Ask for it in parts."
    ),
    "picture-damaged": Kind(
        422, "Damaged", "This picture is damaged or cut off, so that not all of it can be seen. Ask for a new copy."
    ),
    "picture-too-large": Kind(
        422,
        "Too large",
        "This picture has {width} × {height} pixels, which is more than can be shown. Ask for a smaller copy.",
    ),
    "office-document": Kind(
        422,
        "Not a PDF",
        "This is a document of an office program ({what}). Open it there, save it as PDF, and share that.",
    ),
    "office-not-converted": Kind(
        422,
        "Not a PDF",
        "LibreOffice could not make a PDF of this document ({what}); it may be damaged, or locked with a password. Open it in its own program, save it as PDF, and share that.",
    ),
    "office-out-of-time": Kind(
        422,
        "Takes too long",
        "LibreOffice did not make a PDF of this document ({what}) within {seconds} s and was stopped. Open it in its own program, save it as PDF, and share that.",
    ),
    "silence-added": Kind(
        200,
        "Silence added",
        "The recording has no sound for {seconds} s of its length. Silence was put there, marked as added, so that the rest is heard in time; its own sound is unchanged.",
    ),
    "cut-short": Kind(
        200,
        "Cut short",
        "The file ends early, as after a copy that was broken off: {there}{total} are there, and are shown.",
    ),
    "index-rebuilt": Kind(
        200,
        "Index rebuilt",
        "The file has no index, as where a recorder was switched off. It was rebuilt from the recording itself.",
    ),
    "clock-jumps": Kind(
        200,
        "Its clock jumps",
        "The recording's own clock jumps from {before} to {after} at {at}{more}. It does not say how much time lies between: the parts are shown one right after the other.",
    ),
    "clock-gap": Kind(
        200,
        "Time without a picture",
        "Nothing was recorded for {seconds} s from {at} on{more}, as the recording's own clock has it. That time is kept: the last picture stays up.",
    ),
    "clock-missing": Kind(
        200,
        "Pictures without a time",
        "{count} pictures have no time of their own in the file. Each is shown once, at the recording's own rate.",
    ),
    "joined": Kind(
        200,
        "Joined",
        "This is {count} files played as one, each right after the one before: {refs}. Nothing was put between them, and nothing left out.",
    ),
    "not-joinable": Kind(422, "Not played as one", "These recordings cannot be played as one: {why}."),
    "exhibit-joined": Kind(409, "Part of another", "It is a part of {ref}. Remove that one first."),
    "exhibit-part": Kind(409, "Part of another", "It is a part of {ref}. Move that one: its parts go along."),
    # the library
    "hearing-unknown": Kind(404, "Unknown hearing", "There is no such hearing."),
    "hearing-several": Kind(
        422, "Several hearings", "There are several hearings of the case {case}. Say which by its id: {ids}."
    ),
    "add-several": Kind(
        422, "Several at once", "A reference, title or hash is of one exhibit. Add that one by itself, or give a list."
    ),
    "hearing-open": Kind(409, "Open", "This hearing is open. Open another one first."),
    "hearing-not-empty": Kind(
        409, "Not empty", "This hearing has exhibits ({count}). Move them to another one, or remove them first."
    ),
    "hearing-in-use": Kind(
        409, "On the screens", "Something is on the screens. Make them black first, then open the other hearing."
    ),
    "exhibit-elsewhere": Kind(
        409, "Of another hearing", "{ref} belongs to another hearing. Open that one, or move the exhibit to this one."
    ),
    "clip-name": Kind(422, "No name", "A clip needs a name of {most} characters at most."),
    "clip-name-taken": Kind(409, "Name in use", "There is a clip called {name} already. Choose another name."),
    "clips-too-many": Kind(422, "Too many", "An exhibit has {most} clips at most. Remove one first."),
    "clip-shown": Kind(409, "On the screens", "The clip {name} is on the screens. Take it down first."),
    "list-unreadable": Kind(
        422,
        "Not a list",
        "This is not a list that can be read: {why}. Save it in the spreadsheet as CSV (UTF-8), and give that file.",
    ),
    "list-heading": Kind(
        422,
        "No heading",
        "The first line has to name the columns, with ref, title or url among them: {why}. They may be any of {known}.",
    ),
    "list-too-long": Kind(413, "Too long", "A list has {lines} lines and {size} MB at most. Make several of it."),
    "list-line": Kind(422, "Line not taken", "Line {line}: {why} Nothing of the list was taken in."),
    "frames-differ": Kind(
        200,
        "Count of frames differs",
        "This recording lists {listed} pictures, but decoding it gives {decoded}; they differ from frame {first} on. From there, numbers of frames and single steps may be off; times are right.",
    ),
    "frames-unconfirmed": Kind(
        200,
        "Count of frames not confirmed",
        "This recording could not be decoded to its end on this machine, so that its {listed} pictures are listed but not confirmed.",
    ),
    "inspection-not-yet": Kind(
        409, "Not all here yet", "A file is looked at closely once all of it has been fetched. Ask again then."
    ),
    "sheet-not-yet": Kind(
        409,
        "No contact sheet yet",
        "The contact sheet is made when all of the recording is here, while nothing is on the screens. Ask again then.",
    ),
    "sheet-no-pictures": Kind(404, "No pictures", "This recording has no pictures of its own, only sound."),
    "still-not-yet": Kind(
        409, "Not there yet", "This moment of the recording has not been fetched yet. Wait a little."
    ),
    "leaf-not-yet": Kind(409, "Not there yet", "This page has not been prepared yet. Wait a little."),
    # API
    "not-found": Kind(404, "Unknown", "There is nothing at this address."),
    "method-not-allowed": Kind(405, "Not done that way", "This address does not take {method}."),
    "exhibit-unknown": Kind(404, "Unknown exhibit", "There is no such exhibit."),
    "screen-unknown": Kind(404, "Unknown screen", "There is no such screen."),
    "malformed": Kind(400, "Not understood", "The request is not what this call takes: {why}."),
    "too-large": Kind(413, "Too large", "The request is larger than this call takes."),
    "not-signed-in": Kind(
        401, "Not signed in", "Open the remote with the link that the presenter printed, or send a token."
    ),
    "not-allowed": Kind(403, "Not for this role", "A {role} cannot do this. Ask the clerk."),
    "other-origin": Kind(403, "From another page", "This request comes from another page and is not carried out."),
    "moved-on": Kind(
        409, "The room has moved on", "Somebody else changed the room in between. Look at it, then try again."
    ),
    "nothing-cued": Kind(409, "Nothing is ready", "Nothing is ready to show. Choose an exhibit first."),
    "nothing-shown": Kind(409, "Nothing is on the screens", "Nothing is on the screens, so there is nothing to move."),
    "nothing-to-play": Kind(
        409,
        "Nothing to play",
        "{ref} is a photograph or document, so there is nothing to play. Turn its pages instead.",
    ),
    "not-showable": Kind(409, "Not ready yet", "{ref} has nothing to show yet. It is still being fetched or prepared."),
    "exhibit-failed": Kind(409, "Cannot be shown", "{ref} cannot be shown. {why}"),
    "sound-unknown": Kind(422, "No such sound", "This exhibit has no sound track {index} that can be heard."),
    "sound-not-made": Kind(
        200,
        "Other sound not prepared",
        "The other sound track could not be prepared, and the one before is still heard. {why}",
    ),
    "subtitles-unreadable": Kind(
        422,
        "No subtitles",
        "There are no subtitles in this file that can be read. Give an SRT or WebVTT file, saved as UTF-8.",
    ),
    "subtitles-too-large": Kind(413, "Too long", "Subtitles may have {most} MB at most."),
    "subtitles-too-many": Kind(422, "Too many", "There are {most} lists of subtitles at most. Remove one first."),
    "subtitles-unknown": Kind(422, "No such subtitles", "This exhibit has no such subtitles."),
    "exhibit-shown": Kind(409, "On the screens", "{ref} is on the screens. Take it down first."),
    "no-frames": Kind(
        409, "No single pictures", "{ref} has no single pictures here to step through. Use the time instead."
    ),
    "not-recorded": Kind(
        503,
        "Not recorded",
        "This could not be written to the disk in time, so it was not carried out. Try again; blank works all the same.",
    ),
    "too-slow": Kind(408, "Too slow", "The request did not come in completely. Try again."),
    "too-many": Kind(503, "Too many at once", "Too many remotes are open. Close some of them."),
    "frame-unknown": Kind(422, "No such picture", "The recording has no picture with this number."),
    "no-picture-yet": Kind(404, "No picture yet", "The screen has not sent a picture of itself yet. Wait a second."),
    "outside-exhibit": Kind(
        422, "Outside the recording", "That moment lies outside the recording, which runs from 0 to {duration}."
    ),
    "outside-clip": Kind(
        409, "Not in the clip", "This place is not part of the clip {name}. The nearest one that is, is {nearest}."
    ),
    "clip-unknown": Kind(404, "Unknown clip", "{ref} has no such clip."),
    "clip-empty": Kind(422, "Empty clip", "A clip has at least one part. Say where it starts and where it stops."),
    "clip-too-many": Kind(422, "Too many parts", "A clip has {most} parts at most. Make two clips of it."),
    "clip-backwards": Kind(422, "Part ends too early", "Part {number} of the clip has to stop after it starts."),
    "clip-outside": Kind(
        422,
        "Outside the recording",
        "Part {number} of the clip lies outside the recording, which runs from 0 to {duration}.",
    ),
    "clip-overlap": Kind(
        422, "Parts overlap", "Parts {one} and {two} of the clip overlap. Let one stop where the other starts."
    ),
    "outside-leaves": Kind(422, "No such page", "{ref} has no such page; there are {count}."),
    "outside-range": Kind(422, "Outside what is possible", "{what} has to be between {low} and {high}."),
    "not-safe": Kind(409, "Not safe yet", "The recording would stop before its end if it were played now."),
    "card-not-now": Kind(
        409, "Something is shown", "Something is on the screens, so no test card goes up. Take it down first."
    ),
    "card-no-screen": Kind(
        409,
        "Screen does not answer",
        "{name} does not answer now, so no test card can be put up on it. Look whether it is switched on.",
    ),
    # checks
    "check-running": Kind(409, "A check runs", "A check is running already. Wait for its end, or cancel it."),
    "check-ended": Kind(409, "Check ended early", "The check did not come to its end. {why}"),
    "check-not-now": Kind(
        409,
        "Something is shown",
        "Something is on the screens, so their lines cannot be measured now. Take it down first, then check the room.",
    ),
    # screens
    "address-malformed": Kind(
        422,
        "Not an address",
        "This is not an address of a screen. Type the one that stands on the screen, like 10.0.0.7:8470.",
    ),
    "screen-unreachable": Kind(
        422,
        "Screen does not answer",
        "No screen answers at this address. Look whether it is switched on and on the same network.",
    ),
    "screen-certificate": Kind(
        409,
        "Another screen answers",
        "Another screen answers at this address than the one that was paired. If it was replaced, remove it here and pair it again.",
    ),
    "screen-revoked": Kind(
        409,
        "Not accepted any more",
        "This screen does not accept this presenter any more. Pair it again with the code on it.",
    ),
    "screen-protocol": Kind(409, "Other version", "The screen runs another version. Update it, or this presenter."),
    "pairing-wrong-code": Kind(403, "Wrong code", "That is not the code on the screen. Read it again and type it."),
    "pairing-locked": Kind(
        403, "Too many tries", "Too many wrong codes were tried today. Ask somebody at the screen for a new code."
    ),
    "pairing-busy": Kind(409, "Being paired", "Somebody else is pairing this screen just now. Try again in a moment."),
    "screen-no-page": Kind(
        409,
        "Page not open",
        "The screen answers, but nothing is open on its display. Look at it, and switch it on again.",
    ),
    "screen-no-channel": Kind(
        409,
        "No way for pictures",
        "The screen answers, but no pictures get to its page: UDP does not get through, and {otherwise}.",
    ),
    "screen-page-silent": Kind(
        409,
        "Page does not answer",
        "The screen answers, but the page on its display does not. It is started again by itself; if it stays so, switch the screen off and on.",
    ),
    "screen-taken": Kind(
        409, "Another presenter has it", "The presenter {name} is showing on this screen now. Stop it there first."
    ),
    "screen-paired": Kind(409, "Paired already", "This screen is paired already."),
    # the page
    "decoder": Kind(
        500, "Picture cannot be decoded", "The screen cannot decode this picture. The last good one stays up."
    ),
    "leaf-undecodable": Kind(
        500,
        "Page cannot be decoded",
        "The screen cannot decode this page or photograph, so it stays black. The others are not affected; ask for a new copy.",
    ),
    "page-fault": Kind(500, "Page restarted", "The screen's page met a fault and starts again by itself."),
    # programs
    "port-taken": Kind(500, "Port taken", "Port {port} is in use by another program. Choose another with --port."),
    "page-port-taken": Kind(
        500, "Port taken", "Port {port} is in use by another program. Choose another with --page-port."
    ),
    "host-unusable": Kind(
        500,
        "Address not of this machine",
        "This machine has no address {host} to serve the remote on. Choose another with --host.",
    ),
    "data-not-writable": Kind(
        500, "Folder not writable", "The data folder {path} cannot be written. Choose another with --data."
    ),
    "data-in-use": Kind(
        500,
        "Folder in use",
        "The data folder {path} is in use by another presenter. Stop that one, or choose another with --data.",
    ),
    "no-presenter": Kind(
        500,
        "No presenter runs",
        "No presenter is running with the data folder {path}. Start it with courtcast serve, then check again.",
    ),
    "data-newer": Kind(
        500,
        "Folder of a newer version",
        "The data folder was written by a newer version of courtcast. Update this one.",
    ),
    "no-browser": Kind(
        500,
        "No browser",
        "No Chromium was found. Install it (on Debian: apt install chromium), or name it with --chromium.",
    ),
    "no-network": Kind(
        500,
        "No network",
        "This machine has no network on which screens and presenters could find each other. Connect it; the search goes on by itself.",
    ),
    "receiver-in-use": Kind(
        500,
        "Folder in use",
        "The data folder {path} is in use by another screen on this machine. Stop that one, or choose another with --data.",
    ),
    "receiver-locked": Kind(
        403,
        "Locked",
        "Too many wrong codes were tried, so this screen is locked. Ask for a new code: courtcast-receiver code --new.",
    ),
    "receiver-none": Kind(
        500, "No screen here", "The data folder {path} holds no screen. Start courtcast-receiver run with it first."
    ),
    "data-damaged": Kind(
        500,
        "Folder damaged",
        "A file in the data folder {path} is not what it should be. Choose another with --data, and pair again.",
    ),
    "no-desktop": Kind(
        500,
        "No desktop",
        "There is no desktop here to show the screen on. Start it in a desktop session, or with --headless or --no-kiosk.",
    ),
    "interface-unknown": Kind(
        500,
        "Not an address of this machine",
        "This machine has no address {address}. Give one that it has to --interface.",
    ),
    "presenter-unknown": Kind(
        404, "Unknown presenter", "No presenter called {name} is paired with this screen. Name one of: {known}."
    ),
    "presenter-none": Kind(404, "Nothing paired", "No presenter is paired with this screen."),
    "proxy-not-set": Kind(
        500,
        "No proxy set",
        "This system has no proxy set that can be used here. Leave --proxy out, or give its address, like http://proxy.example:8080.",
    ),
    "portals-file": Kind(
        500,
        "Portals not readable",
        "The file {path} cannot be read, or lacks host, partner, client or secret of a portal. Put it right, or take it away.",
    ),
    "certificate-file": Kind(500, "Certificate not readable", "The certificate or key file {path} cannot be read."),
    "internal": Kind(
        500,
        "A fault in courtcast",
        "Something went wrong inside courtcast. It is in the log; nothing that was held is lost.",
    ),
}


class Refused(Exception):
    """Raised where a command or a job cannot be carried out; carries the problem's type and the fields of its sentence."""

    def __init__(self, type_: str, /, **fields: object) -> None:
        kind = TABLE[type_]
        self.type = type_
        self.status = kind.status
        self.title = kind.title
        self.detail = kind.detail.format(**fields)
        self.fields = fields
        super().__init__(f"{type_}: {self.detail}")

    @classmethod
    def of(cls, problem: Problem) -> Refused:
        """A problem that somebody else named, with its sentence as it stands."""
        result = cls.__new__(cls)
        Exception.__init__(result, f"{problem.type}: {problem.detail}")
        kind = TABLE.get(problem.type, TABLE["internal"])
        result.type, result.detail, result.fields = problem.type, problem.detail, {}
        result.status, result.title = kind.status, kind.title
        return result

    def problem(self) -> Problem:
        return Problem(type=self.type, detail=self.detail)


def document() -> str:
    """docs/problems.md."""
    rows = [
        f"| `{type_}` | {kind.status} | {kind.detail.replace('|', '&#124;')} |" for type_, kind in sorted(TABLE.items())
    ]
    return "\n".join(
        [
            "# Problems",
            "",
            "Everything that can be named as a reason, in the API's problem documents (RFC 9457), beside an exhibit or a",
            "screen in the remote, and on the command line. Types are stable. What has status 200 refuses nothing: it is a",
            "note of what has to be known of an exhibit. Made by `make generate`.",
            "",
            "| type | status | sentence |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    print(document(), end="")
