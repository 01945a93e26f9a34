#!/bin/sh
# tmt reads results.json in its folder of test data.
set -u
qmp-conformance run -q -n 2 --known shipped --report "$TMT_TEST_DATA/qmp-report" "${QEMU:-/usr/bin/qemu-system-x86_64}"
exec qmp-conformance report "$TMT_TEST_DATA/qmp-report" --format tmt -o "$TMT_TEST_DATA/results.json"
