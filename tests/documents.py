#!/usr/bin/env python3
"""Hold the documents to the tree: documents.py [DOCUMENT...]

What a document names must exist: the files and folders, the functions, the targets of make, the
commands of the grader, and what its links lead to. "`name()` in `path`" also means that the function is
defined in that file. Whatever does not is printed, and the exit status is then 1.

A word in capitals stands for any: `tests/hostile/NAME/attention.c`. What is made by a build or by a
grading is not looked for.
"""
import glob
import os
import re
import subprocess
import sys

DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'tests/README.md',
             'tests/hostile/README.md', 'grader/instructor/README.md']
MADE = ('build/', 'grades/')
SUFFIXES = ('.c', '.h', '.py', '.sh', '.md', '.mk', '.yml', '.yaml', '.ini')
# Made by a grading or a build, or handed in by a student.
MADE_FILES = ('result.json', 'junit.xml', 'summary.md', 'report.txt', 'attention.c')

SPAN = re.compile(r'`([^`\n]+)`')
FENCE = re.compile(r'^```.*?^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)\s]+)\)')
CALL = re.compile(r'^(\w+)\(\)$')
CALLS_IN = re.compile(r'((?:`\w+\(\)`(?:,| and)? )+)in `([^`]+)`')
DEFINITION = re.compile(r'^(?:[A-Za-z_][^;=(]*[ *])?(\w+)\(', re.MULTILINE)
MAKE = re.compile(r'^make((?: +-j\d+| [a-z-]+| [A-Z]+=\S*)+)')
GRADER = re.compile(r'^(?:build/)?grader ([a-z]+)')


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


class Tree:
    """What there is to name."""

    def __init__(self):
        listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'],
                                check=True, capture_output=True, text=True).stdout.split('\n')
        self.files = [path for path in listed if path and os.path.exists(path)]
        self.names = {os.path.basename(path) for path in self.files}
        self.functions = {}
        for path in self.files:
            if path.endswith(('.c', '.h')) and path.startswith(('grader/', 'starter/', 'tests/support/',
                                                                'tests/public/', 'tests/hidden/')):
                self.functions[path] = set(DEFINITION.findall(read(path)))
        rules = '\n'.join(read(path) for path in ['Makefile', *glob.glob('**/*.mk', recursive=True)])
        self.targets = set(re.findall(r'^([a-z][a-z-]*):(?!=)', rules, re.MULTILINE))
        self.commands = set(re.findall(r'const Command command_(\w+)',
                                       '\n'.join(map(read, glob.glob('grader/**/*.c', recursive=True)))))

    def has_path(self, name, document):
        """Is there this file, folder or pattern, from the top of the kit or from the document's folder?"""
        pattern = re.sub(r'\b[A-Z]{2,}\b', '*', name)
        folders = '', os.path.dirname(document), 'grader'
        return any(os.path.exists(os.path.join(folder, name)) or
                   glob.glob(os.path.join(folder, pattern)) for folder in folders)

    def has_function(self, name, path=None):
        return any(name in defined for file, defined in self.functions.items() if path in (None, file))


def is_path(text):
    """Does a code span name a file or folder of the kit, and not one of a student?"""
    if text.startswith(MADE) or text in MADE_FILES or not re.fullmatch(r'[\w.*/-]+', text):
        return False
    top, slash, _ = text.partition('/')
    if slash:
        return os.path.isdir(top) or os.path.isdir(os.path.join('grader', top))
    return bool(re.fullmatch(r'[a-z_]+|[A-Z]+', os.path.splitext(text)[0])) and text.endswith(SUFFIXES)


def faults_of_span(tree, text, document):
    call, make, grader = CALL.match(text), MAKE.match(text), GRADER.match(text)
    if call and not tree.has_function(call[1]):
        yield f'there is no function {text}'
    if make:
        for word in make[1].split():
            if re.match('[a-z]', word) and word not in tree.targets:
                yield f'make has no target {word}'
    if grader and grader[1] not in tree.commands:
        yield f'the grader has no command {grader[1]}'
    if is_path(text):
        if text not in tree.names and not tree.has_path(text, document):
            yield f'there is no {text}'


def faults_of_link(text, document):
    if '://' in text:
        return
    path, _, anchor = text.partition('#')
    target = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
    if not os.path.exists(target):
        yield f'a link leads to {text}, which is not there'
    elif anchor:
        headings = re.findall(r'^#+ (.+)$', read(target), re.MULTILINE)
        anchors = {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in headings}
        if anchor not in anchors:
            yield f'a link leads to {text}, but {target} has no such heading'


def faults_of_fence(tree, block, document):
    """In a block, the lines that are commands, and words that name a folder of the kit."""
    for line in block.split('\n')[1:-1]:
        command = re.split(r'  +', line.strip())[0]
        if MAKE.match(command) or GRADER.match(command):
            yield from faults_of_span(tree, command, document)
        for word in line.split():
            if re.fullmatch(r'(grader|tests|starter|solution)/[\w./*-]+', word):
                yield from faults_of_span(tree, word, document)


def faults_of(tree, document):
    text = read(document)
    for block in FENCE.findall(text):
        yield from faults_of_fence(tree, block, document)
    text = FENCE.sub('', text)
    for span in SPAN.findall(text):
        yield from faults_of_span(tree, span, document)
    for link in LINK.findall(text):
        yield from faults_of_link(link, document)
    for calls, path in CALLS_IN.findall(text):
        for name in re.findall(r'`(\w+)\(\)`', calls):
            if path in tree.functions and not tree.has_function(name, path):
                yield f'{name}() is not in {path}'


def unnamed_rooms():
    """Folders of the grader that ARCHITECTURE.md does not name."""
    text = read('ARCHITECTURE.md')
    for folder in glob.glob('grader/*/'):
        if folder not in text:
            yield f'the room {folder} is not named'
    for folder in glob.glob('grader/instructor/*/'):
        if not re.search(rf'\b{os.path.basename(folder[:-1])}\b', text):
            yield f'the room {folder} is not named'


def main(documents):
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    tree = Tree()
    faults = [f'{document}: {fault}' for document in documents or DOCUMENTS
              for fault in dict.fromkeys(faults_of(tree, document))]
    if not documents:
        faults += [f'ARCHITECTURE.md: {fault}' for fault in unnamed_rooms()]
    print('\n'.join(faults), end='\n' if faults else '', file=sys.stderr)
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
