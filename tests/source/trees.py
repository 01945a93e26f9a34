"""A made-up source tree with every form of declaration, for tests of what is made of one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SHAPES: Final = """\
##
# @Hue:
#
# @red: warm
#
# @blue: cold (since 1.3)
#
# Since: 1.2
##
{ 'enum': 'Hue',
  'data': [ 'red', { 'name': 'blue', 'if': 'CONFIG_BLUE', 'features': [ 'unstable' ] } ] }

##
# @Sides:
#
# @count: how many there are (default: 4)
#
# @hue: the paint's (default: red)
#
# @label: a name for it (default: none)
#
# Since: 1.2.0
##
{ 'struct': 'Sides',
  'data': { '*count': 'uint8', '*hue': 'Hue', '*label': { 'type': 'str', 'if': 'CONFIG_X' } } }

##
# @Box:
#
# A thing of six sides.  The @count property is 6 by default.
#
# @depth: how deep it is, defaults to the height of the image
##
{ 'struct': 'Box', 'base': 'Sides', 'data': { '*depth': 'size' } }
"""

SYSTEM: Final = """\
{ 'include': 'shapes.json' }
{ 'pragma': { 'doc-required': false, 'command-returns-exceptions': [ 'paint' ] } }

##
# @HueOrCount:
#
# @hue: by name
#
# @count: by number
##
{ 'alternate': 'HueOrCount', 'data': { 'hue': 'Hue', 'count': 'int' } }

##
# @Options:
#
# @kind: which of them
#
# @fill: how it is filled, 'red' by default; the default is 'red'
##
{ 'union': 'Options',
  'base': { 'kind': 'Hue', '*fill': 'HueOrCount' },
  'discriminator': 'kind',
  'data': { 'red': 'Sides', 'blue': { 'type': 'Box', 'if': 'CONFIG_BLUE' } } }

{ 'union': 'Simple', 'data': { 'one': 'str', 'two': 'Box', 'three': 'str' } }

##
# @paint:
#
# Paint it.  No PAINT_DRY event comes, and no event WALL_DRY.
#
# Returns: the number of coats.
#
# Errors:
#     - If there is no brush, DeviceNotFound
#     - If it is wet, WetPaint
#     - if nobody is there
#
# Since: 1.2
##
{ 'command': 'paint', 'boxed': true, 'data': 'Options', 'returns': 'int',
  'allow-oob': true, 'allow-preconfig': true, 'features': [ 'deprecated', 'unstable' ] }

##
# @wash:
#
# All boolean arguments default to false.
#
# @hot: with hot water
#
# @soap: with soap, which is the rule (default: true)
##
{ 'command': 'wash', 'data': { '*hot': 'bool', '*soap': 'bool', 'times': 'int8' },
  'gen': false, 'if': { 'all': [ 'CONFIG_X', { 'not': 'CONFIG_DRY' } ] } }

##
# @DRIED:
#
# @after: seconds
##
{ 'event': 'DRIED', 'data': { 'after': { 'type': 'int', 'features': [ 'unstable' ] } } }
"""

STORAGE_DAEMON: Final = """\
{ 'include': '../../qapi/shapes.json' }

{ 'command': 'quit', 'allow-preconfig': true }
"""

GUEST_AGENT: Final = """\
{ 'command': 'leave', 'data': { '*mode': 'str' }, 'success-response': false }
"""

FILES: Final = {
    "VERSION": "1.4.0\n",
    "qapi/shapes.json": SHAPES,
    "qapi/qapi-schema.json": SYSTEM,
    "storage-daemon/qapi/qapi-schema.json": STORAGE_DAEMON,
    "qga/qapi-schema.json": GUEST_AGENT,
}


def write_tree(top: Path) -> Path:
    """Write the tree into the folder `top` and return that."""
    for name, text in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top
