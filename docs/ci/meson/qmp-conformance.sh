#!/bin/sh
# Runs the suite on $QEMU_TEST_QEMU_BINARY; standard output is TAP and nothing else.  Words are options of the run.
set -u
report=${QEMU_BUILD_ROOT:-.}/qmp-report
qmp-conformance run -q --known shipped --stale warn --skip-code 77 --report "$report" "$@" "$QEMU_TEST_QEMU_BINARY" >&2
status=$?
case $status in
    # What was found, or that the run was cut short, is in the points.
    0 | 1 | 130) ;;
    # A host that cannot confine QEMU is skipped; all else is an error.
    77) echo "1..0 # SKIP this host cannot run it"; exit 0 ;;
    *) echo "Bail out! qmp-conformance ended with $status"; exit 99 ;;
esac
exec qmp-conformance report "$report" --format tap
