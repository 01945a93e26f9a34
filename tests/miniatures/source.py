"""The source of the miniature's schema, as its authors would have written it."""

from __future__ import annotations

from pathlib import Path

_HEAD = """
{ 'pragma': { 'command-returns-exceptions': [ 'human-monitor-command', 'qom-get' ] } }

{ 'enum': 'Mode', 'data': [ 'off', 'on', 'auto' ] }
{ 'enum': 'ShutdownCause',
  'data': [ 'none', 'host-qmp-quit', 'host-qmp-system-reset', 'guest-reset' ] }
{ 'enum': 'Capability', 'data': [ 'oob' ] }
{ 'alternate': 'IntOrMode', 'data': { 'n': 'int', 'mode': 'Mode' } }
{ 'struct': 'Point', 'data': { 'x': 'int', '*y': 'int' } }
{ 'struct': 'Name', 'data': { 'name': 'str' } }
{ 'struct': 'Triple', 'data': { 'major': 'int', 'minor': 'int', 'micro': 'int' } }
{ 'struct': 'Version', 'data': { 'qemu': 'Triple', 'package': 'str' } }
{ 'struct': 'Property',
  'data': { 'name': 'str', 'type': 'str', '*description': 'str', '*default-value': 'any' } }
{ 'struct': 'TypeInfo', 'data': { 'name': 'str', '*abstract': 'bool', '*parent': 'str' } }

{ 'struct': 'Status', 'data': { 'running': 'bool', '*status': 'str' } }
{ 'struct': 'Parameters',
  'data': { '*downtime-limit': 'uint64', '*max-cpu-throttle': 'uint8',
            '*cpu-throttle-initial': 'uint8' } }

{ 'command': 'qmp_capabilities', 'data': { '*enable': [ 'Capability' ] },
  'allow-preconfig': true }
{ 'command': 'query-version', 'returns': 'Version', 'allow-preconfig': true }

##
# @query-status:
#
# .. qmp-example::
#
#     -> { "execute": "query-status" }
#     <- { "return": { "running": false } }
##
{ 'command': 'query-status', 'returns': 'Status', 'allow-preconfig': true }
{ 'struct': 'SchemaInfo',
  'data': { 'name': 'str', 'meta-type': 'str', '*json-type': 'str', '*members': [ 'any' ],
            '*values': [ 'str' ], '*element-type': 'str', '*tag': 'str', '*variants': [ 'any' ],
            '*arg-type': 'str', '*ret-type': 'str', '*allow-oob': 'bool', '*features': [ 'str' ] } }
{ 'command': 'query-qmp-schema', 'returns': [ 'SchemaInfo' ]LATER }
{ 'command': 'query-commands', 'returns': [ 'Name' ], 'allow-preconfig': true }
{ 'command': 'x-exit-preconfig', 'features': [ 'unstable' ], 'allow-preconfig': true }
{ 'command': 'stop' }
{ 'command': 'cont', 'if': 'CONFIG_RUNS' }
{ 'command': 'system_reset' }
{ 'command': 'quit'LATER }
{ 'command': 'query-yank', 'returns': [ 'Name' ],
  'features': [ 'deprecated' ], 'allow-oob': true }
{ 'command': 'yank', 'data': { 'instances': [ 'any' ] }, 'allow-oob': true }
{ 'command': 'device_add',
  'data': { 'driver': 'str', '*id': 'str', '*memdev': 'str', '*rng': 'str' } }
{ 'command': 'device_del', 'data': { 'id': 'str' } }

##
# @object-del:
#
# @id: which object
#
# Errors:
#     - If no object is named @id, GenericError
##
{ 'command': 'object-del', 'data': { 'id': 'str' }LATER }
{ 'command': 'qom-list', 'data': { 'path': 'str' }, 'returns': [ 'Property' ],
  'allow-preconfig': true }
{ 'command': 'qom-get', 'data': { 'path': 'str', 'property': 'str' }, 'returns': 'any',
  'allow-preconfig': true }
{ 'command': 'qom-set', 'data': { 'path': 'str', 'property': 'str', 'value': 'any' },
  'allow-preconfig': true }
{ 'command': 'qom-list-types', 'data': { '*implements': 'str', '*abstract': 'bool' },
  'returns': [ 'TypeInfo' ], 'allow-preconfig': true }
{ 'command': 'qom-list-properties', 'data': { 'typename': 'str' }, 'returns': [ 'Property' ],
  'allow-preconfig': true }
{ 'command': 'balloon', 'data': { 'value': 'size' } }
{ 'command': 'migrate-set-parameters', 'data': 'Parameters', 'boxed': true }
{ 'command': 'query-migrate-parameters', 'returns': 'Parameters' }
{ 'command': 'human-monitor-command', 'data': { 'command-line': 'str' }, 'returns': 'str' }
{ 'event': 'BALLOON_CHANGE', 'data': { 'actual': 'int' } }
{ 'event': 'STOP' }
{ 'event': 'RESUME', 'if': 'CONFIG_RUNS' }
{ 'event': 'RESET', 'data': { 'guest': 'bool', 'reason': 'ShutdownCause' } }
{ 'event': 'DEVICE_DELETED', 'data': { '*device': 'str', 'path': 'str' } }
"""

_UNTYPED = """
{ 'command': 'object-add', 'gen': false,
  'data': { 'qom-type': 'str', 'id': 'str', '*props': 'any' } }
"""

_TYPED = """
{ 'enum': 'HostMemPolicy', 'data': [ 'default', 'preferred', 'bind', 'interleave' ] }
{ 'struct': 'IOThread',
  'data': { '*aio-max-batch': 'int', '*thread-pool-min': 'int', '*thread-pool-max': 'int',
            '*poll-max-ns': 'int', '*poll-grow': 'int', '*poll-shrink': 'int' } }
{ 'struct': 'MemoryBackend',
  'data': { 'size': 'size', '*share': 'bool', '*policy': 'HostMemPolicy',
            '*host-nodes': [ 'uint16' ], '*prealloc': 'bool', '*prealloc-context': 'str',
            '*reserve': 'bool' } }
{ 'struct': 'RngBuiltin', 'data': { '*opened': 'bool' } }
{ 'struct': 'ThreadContext', 'data': { '*cpu-affinity': [ 'uint16' ] } }

##
# @Toy:
#
# @label: what it is called
#
# @flag: a flag (default: false)
#
# @mode: when it moves (default: off)
#
# @narrow: defaults to -1
#
# @small: how many of them, 7 by default
#
# @text: what it says.  The default depends on @mode.
#
# Since: 6.0
##
{ 'struct': 'Toy',
  'data': { 'label': 'str', '*flag': 'bool', '*ratio': 'number', '*nothing': 'null',
            '*mode': 'Mode', '*list': [ 'str' ], '*pick': 'IntOrMode', '*point': 'Point',
            '*narrow': 'int8', '*small': 'uint8', '*wide': 'int', '*big': 'size',
            '*text': 'str' } }

{ 'enum': 'ObjectType',
  'data': [ 'iothread', 'memory-backend-ram', 'rng-builtin', 'thread-context', 'toy' ] }
{ 'union': 'ObjectOptions',
  'base': { 'qom-type': 'ObjectType', 'id': 'str' },
  'discriminator': 'qom-type',
  'data': { 'iothread': 'IOThread', 'memory-backend-ram': 'MemoryBackend',
            'rng-builtin': 'RngBuiltin', 'thread-context': 'ThreadContext', 'toy': 'Toy' } }

##
# @object-add:
#
# Errors:
#     - Error where there is no such type
##
{ 'command': 'object-add', 'data': 'ObjectOptions', 'boxed': true, 'allow-preconfig': true }
"""


_LATER = ", 'allow-preconfig': true"
"""The flag of what may run before the machine is complete in the releases with typed objects."""


_CHANGED = {
    "example-invalid": ('"running": false', '"runs": 0'),
    "event-undeclared": (
        "# @query-status:\n#\n",
        "# @query-status:\n#\n# After the HAS_RUN event.\n#\n",
    ),
}
"""What is changed in the source of a miniature of that name."""


def source_path(folder: Path, *words: str) -> Path:
    """Return where `write_sources` writes the source of a miniature that is given `words`."""
    kinds = ("untyped", *_CHANGED)
    return folder / f"{next((kind for kind in kinds if kind in words), 'typed')}.json"


def source_of(*words: str) -> str:
    """Return the source of the schema of a miniature that is given `words`."""
    typed = "untyped" not in words
    text = _HEAD.replace("LATER", _LATER if typed else "") + (_TYPED if typed else _UNTYPED)
    for word, (old, new) in _CHANGED.items():
        text = text.replace(old, new) if word in words else text
    return text


def write_sources(folder: Path) -> None:
    """Write the source of each miniature to a file in `folder`."""
    for word in ("typed", "untyped", *_CHANGED):
        source_path(folder, word).write_text(source_of(word), encoding="utf-8")
