"""Made-up manual pages in both forms that releases have had, and the source that says the same."""

from __future__ import annotations

from typing import Final

SOURCE: Final = """\
##
# @Hue:
#
# @red: warm
#
# @blue: cold (since 1.3)
#
# Since: 1.2
##
{ 'enum': 'Hue', 'data': [ 'red', 'blue' ] }

##
# @Base:
#
# @kind: which
##
{ 'struct': 'Base', 'data': { 'kind': 'Hue' } }

##
# @Box:
#
# @sizes: how large
#
# @x-hue: the paint's (default: @red)
#
# Features:
#
# @unstable: Member @x-hue is new.
##
{ 'struct': 'Box', 'data': { '*sizes': [ 'uint8' ],
  '*x-hue': { 'type': 'Hue', 'features': [ 'unstable' ] } } }

##
# @Sum:
##
{ 'union': 'Sum', 'base': 'Base', 'discriminator': 'kind', 'data': { 'red': 'Box' } }

##
# @HueOrCount:
#
# @hue: by name
#
# @count: by number
##
{ 'alternate': 'HueOrCount', 'data': { 'hue': 'Hue', 'count': 'int' } }

##
# @paint-it:
#
# Errors:
#     - If there is no brush, DeviceNotFound
#     - If it is wet
#
# .. qmp-example::
#
#     -> { "execute": "paint-it" }
#     <- { "return": [] }
##
{ 'command': 'paint-it', 'boxed': true, 'data': 'Sum', 'returns': [ 'Box' ] }

##
# @DRIED:
#
# @after: seconds, defaults to 5
##
{ 'event': 'DRIED', 'data': { '*after': 'int32' } }
"""

NEW: Final = r"""'\" t
.TH "QEMU-QMP-REF" "7" "Jan 01, 2026" "11.1.2" "QEMU"
.SH NAME
.SH COLOURS
.INDENT 0.0
.TP
.B Enum Hue (Since: 1.2)
.INDENT 7.0
.TP
.B Values
.INDENT 7.0
.IP \(bu 2
\fBred\fP \-\- warm
.IP \(bu 2
\fBblue\fP \-\- cold (since 1.3)
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Object Base
.INDENT 7.0
.TP
.B Members
.INDENT 7.0
.IP \(bu 2
\fBkind\fP (\fI\%Hue\fP) \-\- which
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Object Box
.INDENT 7.0
.TP
.B Members
.INDENT 7.0
.IP \(bu 2
\fBsizes\fP (\fB[\fP\fBint\fP\fB]\fP, \fIoptional\fP) \-\- how large
.IP \(bu 2
\fBx\-hue\fP (\fBHue\fP, \fIoptional\fP) \-\- the paint\(aqs
(default: \fBred\fP)
.UNINDENT
.TP
.B Features
.INDENT 7.0
.IP \(bu 2
\fBunstable\fP \-\- Member \fBx\-hue\fP is new.
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Object Sum
.INDENT 7.0
.TP
.B Members
.INDENT 7.0
.IP \(bu 2
The members of \fI\%Base\fP\&.
.IP \(bu 2
When \fBkind\fP is \fBred\fP: The members of \fBBox\fP\&.
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Alternate HueOrCount
.INDENT 7.0
.TP
.B Alternatives
.INDENT 7.0
.IP \(bu 2
\fBhue\fP (\fBHue\fP) \-\- by name
.IP \(bu 2
\fBcount\fP (\fBint\fP) \-\- by number
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Command paint\-it
.INDENT 7.0
.TP
.B Arguments
.INDENT 7.0
.IP \(bu 2
The members of \fBSum\fP\&.
.UNINDENT
.TP
.B Return
\fB[\fP\fBBox\fP\fB]\fP
.TP
.B Errors
.INDENT 7.0
.IP \(bu 2
If there is no brush, DeviceNotFound
.IP \(bu 2
If it is wet
.UNINDENT

.UNINDENT
.INDENT 7.0
.INDENT 3.5
.IP "Example:"
.INDENT 0.0
.INDENT 3.5
.sp
.EX
\-> { \(dqexecute\(dq: \(dqpaint\-it\(dq }
<\- { \(dqreturn\(dq: [] }
.EE
.UNINDENT
.UNINDENT
.UNINDENT
.UNINDENT
.UNINDENT
.INDENT 0.0
.TP
.B Event DRIED
.INDENT 7.0
.TP
.B Members
.INDENT 7.0
.IP \(bu 2
\fBafter\fP (\fBint\fP, \fIoptional\fP) \-\- seconds, defaults to 5
.UNINDENT
.UNINDENT
.UNINDENT
.SH COPYRIGHT
Words.
"""

OLD: Final = r""".TH "QEMU-QMP-REF" "7" "2026-01-01" "7.2.22" "QEMU"
.SH COLOURS
.SS \fBHue\fP (Enum)
.SS Values
.INDENT 0.0
.TP
.B \fBred\fP
warm
.TP
\fBblue\fP (\fBIf: \fP\fBCONFIG_BLUE\fP)
cold (since 1.3)
.UNINDENT
.SS Since
.sp
1.2
.SS \fBBase\fP (Object)
.SS Members
.INDENT 0.0
.TP
.B \fBkind\fP: \fBHue\fP
which
.UNINDENT
.SS If
\fBCONFIG_BASE\fP.SS \fBBox\fP (Object)
.SS Members
.INDENT 0.0
.TP
.B \fBsizes\fP: \fBarray of int\fP (optional)
how large
.TP
.B \fBx\-hue\fP: \fBHue\fP (optional)
the paint\(aqs (default: \fBred\fP)
.UNINDENT
.SS Features
.INDENT 0.0
.TP
.B \fBunstable\fP
Member \fBx\-hue\fP is new.
.UNINDENT
.SS \fBSum\fP (Object)
.SS Members
.INDENT 0.0
.TP
.B The members of \fBBase\fP
.TP
.B The members of \fBBox\fP when \fBkind\fP is \fB\(dqred\(dq\fP
.UNINDENT
.SS \fBHueOrCount\fP (Alternate)
.SS Members
.INDENT 0.0
.TP
.B \fBhue\fP: \fBHue\fP
by name
.TP
.B \fBcount\fP: \fBint\fP
by number
.UNINDENT
.SS \fBpaint\-it\fP (Command)
.SS Arguments
.INDENT 0.0
.TP
.B The members of \fBSum\fP
.UNINDENT
.SS Errors
.INDENT 0.0
.IP \(bu 2
If there is no brush, DeviceNotFound
.IP \(bu 2
If it is wet
.UNINDENT
.SS Example
.INDENT 0.0
.INDENT 3.5
.sp
.nf
.ft C
\-> { "execute": "paint\-it" }
<\- { "return": [] }
.ft P
.fi
.UNINDENT
.UNINDENT
.SS \fBDRIED\fP (Event)
.SS Arguments
.INDENT 0.0
.TP
.B \fBafter\fP: \fBint\fP (optional)
seconds, defaults to 5
.UNINDENT
.SH COPYRIGHT
Words.
"""
