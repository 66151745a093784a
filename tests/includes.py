#!/usr/bin/env python3
"""Hold the order of the grader's rooms: includes.py [--floors] ROOM...

The rooms are named from the ground up, as FLOORS of grader/build.mk has them: a folder of grader/
("." is grader/ itself), a folder of tests/, or a single file that stands apart from its folder. A
file may include what belongs to its own room or to a room named before it. Within a room a module,
which is a source with its header, does not include what includes it.

Whatever breaks this is printed, and the exit status is then 1. --floors draws the rooms instead.
"""
import glob
import os
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def place(room):
    """The path of a room from the top of the kit."""
    return os.path.normpath(room if room.startswith('tests/') else 'grader/' + room)


def find(name):
    """The file that an include means: of grader/, with its folder, or of the tests' support."""
    for folder in 'grader', 'tests/support':
        if os.path.exists(f'{folder}/{name}'):
            return f'{folder}/{name}'
    return None


def read_includes(files, faults):
    """Each include of a file of the kit, as (file, line, included file)."""
    for file in files:
        with open(file, encoding='utf-8') as lines:
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                if not match or os.path.exists('starter/' + match[1]):
                    continue
                if find(match[1]):
                    yield file, number, find(match[1])
                else:
                    faults.append(f'{file}:{number}: "{match[1]}" does not name a file from grader/ on: '
                                  'write its folder, too')


def find_circle(graph):
    """The names along a circle of a graph {name: set of names}, or None."""
    finished = set()

    def visit(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in finished:
            return None
        for other in sorted(graph.get(name, ())):
            circle = visit(other, path + [name])
            if circle:
                return circle
        finished.add(name)
        return None

    return next(filter(None, (visit(name, []) for name in sorted(graph))), None)


def draw_floors(rooms, uses):
    """Print the rooms of each floor, which is the first above all that its rooms use."""
    floor = {}
    for room in rooms:
        floor[room] = 1 + max((floor[used] for used in uses[room]), default=0)
    for number in range(max(floor.values()), 0, -1):
        print(f'{number:3}', *(room for room in rooms if floor[room] == number))


def main(arguments):
    rooms = [room for room in arguments if room != '--floors']
    places = {place(room): room for room in rooms}
    faults = [f'{path}: is named as a room, but is not there' for path in places
              if not os.path.exists(path)]
    files = sorted(glob.glob('grader/**/*.[ch]', recursive=True) + glob.glob('tests/support/*.[ch]'))
    room_of = {file: places.get(file) or places.get(os.path.dirname(file)) for file in files}
    homeless = {os.path.dirname(file) for file in files if not room_of[file]}
    faults += [f'{folder} is not named as a room' for folder in sorted(homeless)]

    uses = {room: set() for room in rooms}
    modules = {}
    known = [file for file in files if room_of[file]]
    for file, line, included in read_includes(known, faults):
        own, other = room_of[file], room_of[included]
        if own == other:
            module, used = os.path.splitext(file)[0], os.path.splitext(included)[0]
            modules.setdefault(module, set()).update({used} - {module})
        elif other and rooms.index(other) > rooms.index(own):
            faults.append(f'{file}:{line}: {included} is above: {other} stands on {own}')
        if other and other != own:
            uses[own].add(other)
    faults += [f'{place(room)} and {place(other)} include each other' for room in rooms
               for other in sorted(uses[room]) if room < other and room in uses[other]]
    circle = find_circle(modules)
    if circle:
        faults.append('a circle of includes: ' + ' -> '.join(circle))

    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults and '--floors' in arguments:
        draw_floors(rooms, uses)
    return 1 if faults else 0


sys.exit(main(sys.argv[1:]))
