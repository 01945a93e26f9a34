"""A conformance suite for the QEMU Machine Protocol.

The rooms, from left to right: qapi, wire, launch, knowledge, derive, judge, run, report; plugin
and cli are their doors.  ARCHITECTURE.md says what each may know.
"""

__version__ = "0.1.0"
