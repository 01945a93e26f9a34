"""The source of the miniature's schema, as its authors would have written it."""

from __future__ import annotations

from pathlib import Path

_HEAD = """
{ 'pragma': { 'doc-required': true } }

{ 'enum': 'HostMemPolicy', 'data': [ 'default', 'preferred', 'bind', 'interleave' ] }
{ 'enum': 'Mode', 'data': [ 'off', 'on', 'auto' ] }
{ 'enum': 'ShutdownCause', 'data': [ 'none', 'host-qmp-quit', 'host-qmp-system-reset' ] }
{ 'enum': 'Capability', 'data': [ 'oob' ] }
{ 'alternate': 'IntOrMode', 'data': { 'n': 'int', 'mode': 'Mode' } }
{ 'struct': 'Point', 'data': { 'x': 'int', '*y': 'int' } }
{ 'struct': 'Name', 'data': { 'name': 'str' } }
{ 'struct': 'Triple', 'data': { 'major': 'int', 'minor': 'int', 'micro': 'int' } }
{ 'struct': 'Version', 'data': { 'qemu': 'Triple', 'package': 'str' } }
{ 'struct': 'Property',
  'data': { 'name': 'str', 'type': 'str', '*description': 'str', '*default-value': 'any' } }
{ 'struct': 'TypeInfo', 'data': { 'name': 'str', '*abstract': 'bool', '*parent': 'str' } }

{ 'command': 'qmp_capabilities', 'data': { '*enable': [ 'Capability' ] } }
{ 'command': 'query-version', 'returns': 'Version', 'allow-preconfig': true }
{ 'command': 'query-qmp-schema', 'returns': [ 'any' ] }
{ 'command': 'query-commands', 'returns': [ 'Name' ] }
{ 'command': 'stop' }
{ 'command': 'cont' }
{ 'command': 'system_reset' }
{ 'command': 'quit' }
{ 'command': 'device_add',
  'data': { 'driver': 'str', '*id': 'str', '*memdev': 'str', '*rng': 'str' } }

##
# @object-del:
#
# @id: which object
#
# Errors:
#     - If no object is named @id, GenericError
##
{ 'command': 'object-del', 'data': { 'id': 'str' } }
{ 'command': 'qom-list', 'data': { 'path': 'str' }, 'returns': [ 'Property' ] }
{ 'command': 'qom-get', 'data': { 'path': 'str', 'property': 'str' }, 'returns': 'any' }
{ 'command': 'qom-set', 'data': { 'path': 'str', 'property': 'str', 'value': 'any' } }
{ 'command': 'qom-list-types', 'data': { '*implements': 'str', '*abstract': 'bool' },
  'returns': [ 'TypeInfo' ] }
{ 'command': 'qom-list-properties', 'data': { 'typename': 'str' }, 'returns': [ 'Property' ] }
{ 'event': 'STOP' }
{ 'event': 'RESUME' }
{ 'event': 'RESET', 'data': { 'guest': 'bool', 'reason': 'ShutdownCause' } }
"""

_UNTYPED = """
{ 'command': 'object-add', 'gen': false,
  'data': { 'qom-type': 'str', 'id': 'str', '*props': 'any' } }
"""

_TYPED = """
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
{ 'command': 'object-add', 'data': 'ObjectOptions', 'boxed': true }
"""


def source_path(folder: Path, *, typed: bool) -> Path:
    """Return where `write_source` writes the source."""
    return folder / f"{'typed' if typed else 'untyped'}.json"


def write_source(folder: Path, *, typed: bool) -> None:
    """Write the source of the schema to a file in `folder`."""
    text = _HEAD + (_TYPED if typed else _UNTYPED)
    source_path(folder, typed=typed).write_text(text, encoding="utf-8")
